<?php

declare(strict_types=1);

$folder = getenv('SEALTRAIL_ENDPOINT');
$answer = json_decode((string) file_get_contents($folder . '/answer.json'), true);
$body = (string) file_get_contents('php://input');
$headers = array_change_key_case(getallheaders());
$json = ($headers['content-encoding'] ?? '') === 'gzip' ? (string) gzdecode($body) : $body;
$events = json_decode($json, true)['events'] ?? [];
$status = $answer['status'] ?? 200;
if (isset($answer['poison']) && strpos($json, $answer['poison']) !== false) {
    $status = $answer['poison_status'] ?? 400;
}
file_put_contents(
    sprintf('%s/delivery-%017.6f-%s.json', $folder, microtime(true), bin2hex(random_bytes(3))),
    json_encode(['at' => microtime(true), 'path' => $_SERVER['REQUEST_URI'], 'status' => $status, 'headers' => $headers, 'body' => base64_encode($body)])
);
usleep(1000 * ($answer['delay_ms'] ?? 0));
http_response_code($status);
foreach ($answer['headers'] ?? [] as $header) {
    header($header);
}
if (isset($answer['sign'])) {
    $type = $answer['type'] ?? 'application/json; charset=utf-8';
    $found = [];
    foreach ($answer['headers'] ?? [] as $header) {
        list($name, $value) = explode(': ', $header, 2);
        $found[strtolower($name)] = $value;
    }
    $disposition = $found['content-disposition'] ?? '';
    $digest = strpos($disposition, 'attachment') === 0 ? 'streamed' : hash('sha256', $answer['body'] ?? '');
    $lines = ['answer', $headers['webhook-id'], $status, $type, $disposition, $found['location'] ?? '', $digest];
    $key = base64_decode(substr($answer['sign'], strlen('whsec_')));
    header('content-type: ' . $type);
    header('sealtrail-answer: v1,' . base64_encode(hash_hmac('sha256', implode("\n", $lines), $key, true)));
    for ($times = $answer['repeat'] ?? 1; $times > 0; $times--) {
        echo $answer['body'] ?? '';
        flush();
    }
} elseif (isset($answer['body'])) {
    echo $answer['body'];
} elseif ($status === 200 && $_SERVER['REQUEST_URI'] === '/bridge/v1/heartbeat') {
    echo json_encode(['ok' => true, 'time' => gmdate('Y-m-d\TH:i:s.000\Z'), 'ledger' => 'main', 'chain' => ['status' => 'intact', 'at' => null], 'size' => 7]);
} elseif ($status === 200) {
    $counted = array_slice($events, ($answer['drop'] ?? 0));
    echo json_encode(['accepted' => count($counted), 'duplicates' => 0, 'quarantined' => 0, 'receipts' => array_map(static function (array $event): array {
        return ['id' => $event['id'], 'part' => 0, 'ledger' => 'main', 'seq' => $event['seq'], 'hash' => str_repeat('0', 64)];
    }, $counted)]);
} else {
    header('content-type: application/problem+json');
    echo json_encode(['title' => 'refused']);
}
