<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail\Admin;

use WHMCS\Module\Addon\Sealtrail\Installation;
use WHMCS\Module\Addon\Sealtrail\Settings;
use WHMCS\Module\Addon\Sealtrail\Signature;

/**
 * Asks the sidecar for something to show. Requests are signed like deliveries. Answers are shown under WHMCS's own origin,
 * so they are believed only when they are signed with our secret for this very request.
 */
final class Channel
{
    const PAGE = '/bridge/v1/page';
    const SUMMARY = '/bridge/v1/summary';
    const MAX_HELD_BYTES = 16777216;
    const STREAMED = 'streamed';

    private $settings;

    public function __construct(Settings $settings)
    {
        $this->settings = $settings;
    }

    /**
     * @param array         $limits     cURL options: how long it may take
     * @param callable|null $onDownload told the reply when a download begins; gives what takes its bytes and says whether to go on
     */
    public function ask(string $path, array $content, array $limits, ?callable $onDownload = null): Reply
    {
        $body = (string) json_encode($content, JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_INVALID_UTF8_SUBSTITUTE);
        $id = 'msg_' . bin2hex(random_bytes(16));
        $now = time();
        $reply = new Reply();
        $takeBytes = null;
        $url = $this->settings->sidecarUrl() . $path;
        $curl = curl_init($url);
        curl_setopt_array($curl, $limits + [
            CURLOPT_POST => true,
            CURLOPT_POSTFIELDS => $body,
            CURLOPT_HTTPHEADER => [
                'content-type: application/json',
                'webhook-id: ' . $id,
                'webhook-timestamp: ' . $now,
                'webhook-signature: ' . (new Signature($this->settings->secret()))->sign($id, $now, $body),
                'sealtrail-bridge: ' . $this->settings->bridgeId(),
                'expect:',
            ],
            CURLOPT_NOSIGNAL => true,
            CURLOPT_FOLLOWLOCATION => false,
            CURLOPT_PROTOCOLS => CURLPROTO_HTTP | CURLPROTO_HTTPS,
            CURLOPT_USERAGENT => 'sealtrail-bridge/' . Installation::BRIDGE_VERSION,
            CURLOPT_HEADERFUNCTION => static function ($curl, string $line) use ($reply): int {
                return $reply->addHeaderLine($line) ? strlen($line) : 0;
            },
            CURLOPT_WRITEFUNCTION => function ($curl, string $bytes) use ($reply, $id, $onDownload, &$takeBytes): int {
                if ($takeBytes === null && $onDownload !== null && $reply->isDownload()) {
                    if (!$this->isSigned($reply, $id, self::STREAMED)) {
                        return 0;
                    }
                    $reply->authenticate(true);
                    $takeBytes = $onDownload($reply);
                }
                if ($takeBytes !== null) {
                    return $takeBytes($bytes) ? strlen($bytes) : 0;
                }
                $reply->addBody($bytes);

                return strlen($reply->body()) > self::MAX_HELD_BYTES ? 0 : strlen($bytes);
            },
        ]);
        if (in_array(parse_url($url, PHP_URL_HOST), ['localhost', '127.0.0.1', '[::1]'], true)) {
            curl_setopt($curl, CURLOPT_PROXY, '');
        }
        if (curl_exec($curl) === false) {
            $reply->fail(curl_error($curl));
        }
        if ($takeBytes === null) {
            $digest = $reply->isDownload() ? self::STREAMED : hash('sha256', $reply->body());
            $reply->authenticate($this->isSigned($reply, $id, $digest));
        }

        return $reply;
    }

    private function isSigned(Reply $reply, string $id, string $digest): bool
    {
        $lines = [
            'answer', $id, (string) $reply->status(), $reply->header('content-type'),
            $reply->header('content-disposition'), $reply->header('location'), $digest,
        ];

        return (new Signature($this->settings->secret()))->isAnswer(implode("\n", $lines), $reply->header('sealtrail-answer'));
    }
}
