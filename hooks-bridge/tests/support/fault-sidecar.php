<?php

declare(strict_types=1);

/*
 * A sidecar that really stores, once for each event id, and misbehaves as the file "mood" says: refuse before storing, be
 * slow, hang, or store and die before it answers.
 */

$folder = getenv('SEALTRAIL_FAULTS');
$mood = trim((string) @file_get_contents($folder . '/mood'));
if ($mood === '500' || $mood === '503') {
    http_response_code((int) $mood);
    echo '{"title":"no"}';

    return;
}
usleep(['slow' => 100000, 'hang' => 1200000][$mood] ?? 0);
$body = (string) file_get_contents('php://input');
if (($_SERVER['HTTP_CONTENT_ENCODING'] ?? '') === 'gzip') {
    $body = (string) gzdecode($body);
}
$events = json_decode($body, true)['events'] ?? null;
if (!is_array($events)) {
    http_response_code(400);

    return;
}
$store = new PDO('sqlite:' . $folder . '/store.db', null, null, [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION, PDO::ATTR_TIMEOUT => 5]);
$store->exec('PRAGMA synchronous = OFF');
$store->beginTransaction();
$accepted = 0;
foreach ($events as $event) {
    $insert = $store->prepare('INSERT OR IGNORE INTO entries (event_id, seq, lane, n) VALUES (?, ?, ?, ?)');
    $insert->execute([$event['id'], $event['seq'], $event['params']['lane'] ?? null, $event['params']['invoiceid'] ?? null]);
    $accepted += $insert->rowCount();
}
$store->commit();
if ($mood === 'cut') {
    posix_kill(getmypid(), SIGKILL);
}
header('content-type: application/json');
echo json_encode([
    'accepted' => $accepted, 'duplicates' => count($events) - $accepted, 'quarantined' => 0,
    'receipts' => array_map(static function (array $event): array {
        return ['id' => $event['id'], 'part' => 0, 'ledger' => 'main', 'seq' => $event['seq'], 'hash' => str_repeat('0', 64)];
    }, $events),
]);
