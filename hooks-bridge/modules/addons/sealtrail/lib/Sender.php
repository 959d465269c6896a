<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/** Signs and posts one delivery. The signature covers the bytes on the wire, so the compressed ones when compressed. */
final class Sender
{
    const PATH = '/bridge/v1/events';
    const HEARTBEAT_PATH = '/bridge/v1/heartbeat';
    const COMPRESS_ABOVE_BYTES = 8192;
    const MAX_ANSWER_BYTES = 4194304;

    private $settings;

    public function __construct(Settings $settings)
    {
        $this->settings = $settings;
    }

    /** @param string[] $items finished texts */
    public function send(array $items, int $connectMs, int $totalMs): Answer
    {
        $json = '{"events":[' . implode(',', $items) . ']}';
        $headers = ['content-type: application/json'];
        $body = $json;
        if (strlen($json) > self::COMPRESS_ABOVE_BYTES && function_exists('gzencode')) {
            $body = gzencode($json, 6);
            $headers[] = 'content-encoding: gzip';
        }
        // The same items give the same id again; the time and so the signature are new at each attempt.
        $id = 'msg_' . ($items === [] ? bin2hex(random_bytes(16)) : substr(hash('sha256', $json), 0, 32));

        return $this->signed(self::PATH, $id, $headers, $body, $connectMs, $totalMs);
    }

    public function heartbeat(string $body, int $connectMs, int $totalMs): Answer
    {
        $headers = ['content-type: application/json'];

        return $this->signed(self::HEARTBEAT_PATH, 'msg_' . bin2hex(random_bytes(16)), $headers, $body, $connectMs, $totalMs);
    }

    private function signed(string $path, string $id, array $headers, string $body, int $connectMs, int $totalMs): Answer
    {
        $now = time();
        $headers[] = 'webhook-id: ' . $id;
        $headers[] = 'webhook-timestamp: ' . $now;
        $headers[] = 'webhook-signature: ' . (new Signature($this->settings->secret()))->sign($id, $now, $body);
        $headers[] = 'sealtrail-bridge: ' . $this->settings->bridgeId();
        $headers[] = 'expect:';

        return $this->post($this->settings->sidecarUrl() . $path, $id, $headers, $body, $connectMs, $totalMs);
    }

    private function post(string $url, string $id, array $headers, string $body, int $connectMs, int $totalMs): Answer
    {
        $received = '';
        $found = [];
        $curl = curl_init($url);
        curl_setopt_array($curl, [
            CURLOPT_POST => true,
            CURLOPT_POSTFIELDS => $body,
            CURLOPT_HTTPHEADER => $headers,
            CURLOPT_CONNECTTIMEOUT_MS => $connectMs,
            CURLOPT_TIMEOUT_MS => $totalMs,
            CURLOPT_NOSIGNAL => true,
            CURLOPT_FOLLOWLOCATION => false,
            CURLOPT_PROTOCOLS => CURLPROTO_HTTP | CURLPROTO_HTTPS,
            CURLOPT_USERAGENT => 'sealtrail-bridge/' . Installation::BRIDGE_VERSION,
            CURLOPT_HEADERFUNCTION => static function ($curl, string $line) use (&$found): int {
                if (strpos($line, ':') !== false) {
                    list($name, $value) = explode(':', $line, 2);
                    $found[strtolower($name)] = trim($value);
                }

                return strlen($line);
            },
            CURLOPT_WRITEFUNCTION => static function ($curl, string $bytes) use (&$received): int {
                $received .= $bytes;

                return strlen($received) > self::MAX_ANSWER_BYTES ? 0 : strlen($bytes);
            },
        ]);
        if ($this->isLoopback($url)) {
            curl_setopt($curl, CURLOPT_PROXY, '');
        }
        $isComplete = curl_exec($curl) !== false;
        $status = $isComplete ? (int) curl_getinfo($curl, CURLINFO_HTTP_CODE) : 0;

        $error = $isComplete ? '' : curl_error($curl);

        return new Answer($status, $received, $found['retry-after'] ?? '', $error, $isComplete && $this->isSigned($id, $status, $found, $received));
    }

    // As for a page (Channel): the answer to this request, with this status, type and body.
    private function isSigned(string $id, int $status, array $headers, string $body): bool
    {
        $lines = [
            'answer', $id, (string) $status, $headers['content-type'] ?? '',
            $headers['content-disposition'] ?? '', $headers['location'] ?? '', hash('sha256', $body),
        ];

        return (new Signature($this->settings->secret()))->isAnswer(implode("\n", $lines), $headers['sealtrail-answer'] ?? '');
    }

    private function isLoopback(string $url): bool
    {
        return in_array(parse_url($url, PHP_URL_HOST), ['localhost', '127.0.0.1', '[::1]'], true);
    }
}
