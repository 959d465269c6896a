<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail\Admin;

use WHMCS\Module\Addon\Sealtrail\Words;

/**
 * Fetches a page of the sidecar and prints it as it is: its own status and headers, nothing of WHMCS's page around it. A
 * download is passed on piece by piece, whatever its size.
 */
final class PageProxy
{
    const PASSED_ON = [
        'content-type', 'content-disposition', 'cache-control', 'etag', 'last-modified', 'content-security-policy',
        'referrer-policy', 'x-content-type-options', 'x-frame-options', 'x-request-id', 'retry-after',
    ];
    const CONNECT_MS = 2000;
    // A verification of millions of entries says nothing until it is done.
    const SILENT_SECONDS = ['GET' => 60, 'POST' => 600];
    const YEAR_SECONDS = 31536000;

    private $channel;
    private $words;
    private $moduleLink;

    public function __construct(Channel $channel, Words $words, string $moduleLink)
    {
        $this->channel = $channel;
        $this->words = $words;
        $this->moduleLink = $moduleLink;
    }

    /** @param array $viewer the block that tells the sidecar who looks */
    public function serve(string $method, Address $address, string $form, array $viewer)
    {
        self::leavePage();
        $method = $method === 'POST' ? 'POST' : 'GET';
        $reply = $this->channel->ask(Channel::PAGE, [
            'method' => $method,
            'path' => $address->path(),
            'query' => $address->query(),
            'form' => $method === 'POST' ? self::withoutToken($form) : '',
            'viewer' => $viewer,
            'mount' => ['base' => $this->moduleLink, 'path_param' => Address::RAW],
            'accept' => self::printable('HTTP_ACCEPT', 'text/html'),
            'if_none_match' => self::printable('HTTP_IF_NONE_MATCH', ''),
            'framed' => self::isFramed(),
        ], [
            CURLOPT_CONNECTTIMEOUT_MS => self::CONNECT_MS,
            CURLOPT_LOW_SPEED_LIMIT => 1,
            CURLOPT_LOW_SPEED_TIME => self::SILENT_SECONDS[$method],
        ], function (Reply $reply): callable {
            $this->beginDownload($reply);

            return static function (string $bytes): bool {
                echo $bytes;
                flush();

                return connection_aborted() === 0;
            };
        });
        if ($reply->isDownload() && headers_sent()) {
            // Under most web servers PHP cannot break off an answer: what is missing must be seen in the file itself.
            echo $reply->error() === '' ? '' : "\r\n" . $this->words->text('download_incomplete') . "\r\n";

            return;
        }
        if (!$reply->isAuthentic()) {
            $this->showProblem($reply);

            return;
        }
        $this->sendHeaders($reply);
        echo $reply->body();
    }

    /** A form that did not come from a page of this session. */
    public function refuse()
    {
        self::leavePage();
        $this->showPage(403, 'page_refused_title', [$this->words->text('token_refused')]);
    }

    public function notPaired()
    {
        self::leavePage();
        $this->showPage(503, 'page_not_paired_title', [$this->words->text('not_paired')]);
    }

    /** Whatever WHMCS or a module has begun to print is taken back; the session's lock is given up for what follows. */
    private static function leavePage()
    {
        while (ob_get_level() > 0 && @ob_end_clean()) {
            continue;
        }
        if (session_status() === PHP_SESSION_ACTIVE) {
            session_write_close();
        }
    }

    private function beginDownload(Reply $reply)
    {
        if (function_exists('set_time_limit')) {
            @set_time_limit(0);
        }
        $this->sendHeaders($reply);
        // A proxy that collects the whole answer first would hold what we do not.
        header('X-Accel-Buffering: no');
    }

    private function sendHeaders(Reply $reply)
    {
        http_response_code($reply->status());
        header_remove('Expires');
        header_remove('Pragma');
        foreach (self::PASSED_ON as $name) {
            if ($reply->header($name) !== '') {
                header($name . ': ' . $reply->header($name));
            }
        }
        $location = $reply->header('location');
        if ($location !== '' && strncmp($location, $this->moduleLink, strlen($this->moduleLink)) === 0) {
            header('Location: ' . $location, true, $reply->status());
        }
        foreach ($reply->headers('set-cookie') as $line) {
            $this->passOnCookie($line);
        }
    }

    /** The reader's choice of language and time zone, and no other cookie. */
    private function passOnCookie(string $line)
    {
        list($name, $value) = explode('=', explode(';', $line)[0], 2) + [1 => ''];
        $value = urldecode($value);
        if (!isset(Viewer::PATTERNS[$name]) || preg_match(Viewer::PATTERNS[$name], $value) !== 1) {
            return;
        }
        $isSecure = !in_array(strtolower((string) ($_SERVER['HTTPS'] ?? '')), ['', 'off'], true);
        header('Set-Cookie: ' . $name . '=' . rawurlencode($value) . '; Max-Age=' . self::YEAR_SECONDS . '; HttpOnly; SameSite=Lax'
            . ($isSecure ? '; Secure' : ''), false);
    }

    private function showProblem(Reply $reply)
    {
        $isRefused = $reply->status() === 401;
        $detail = $reply->error() !== '' ? $reply->error() : 'HTTP ' . $reply->status();
        if ($isRefused) {
            $this->showPage(502, 'page_refused_by_title', [$this->words->text('page_refused_by'), $this->words->text('page_safe'), $this->words->text('page_refused_by_todo')], $detail);
        } elseif ($reply->status() === 0) {
            $this->showPage(503, 'page_away_title', [$this->words->text('page_away'), $this->words->text('page_safe'), $this->words->text('page_away_todo')], $detail);
        } else {
            $this->showPage(502, 'page_strange_title', [$this->words->text('page_strange'), $this->words->text('page_safe'), $this->words->text('page_strange_todo')], $detail);
        }
    }

    /** @param string[] $paragraphs */
    private function showPage(int $status, string $title, array $paragraphs, string $detail = '')
    {
        http_response_code($status);
        header('Content-Type: text/html; charset=utf-8');
        header('Cache-Control: no-store');
        header("Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; base-uri 'none'");
        $html = '';
        foreach ($paragraphs as $paragraph) {
            $html .= '<p>' . Html::escape($paragraph) . '</p>';
        }
        $title = Html::escape($this->words->text($title));
        echo '<!doctype html><html lang="' . Html::escape($this->words->text('lang')) . '"><head><meta charset="utf-8">'
            . '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="' . (self::isFramed() ? 'light' : 'light dark') . '">'
            . '<title>' . $title . '</title><style>' . Html::PROBLEM_STYLE . (self::isFramed() ? '' : Html::PROBLEM_STYLE_DARK) . '</style></head><body><main><h1>' . $title . '</h1>' . $html
            . ($detail === '' ? '' : '<p><code>' . Html::escape($detail) . '</code></p>')
            . '<p><a href="' . Html::escape($this->moduleLink . '&tab=bridge') . '" target="_top">' . Html::escape($this->words->text('page_to_bridge'))
            . '</a></p></main></body></html>';
    }

    /** WHMCS's own token stays in WHMCS. */
    private static function withoutToken(string $form): string
    {
        return implode('&', array_filter(explode('&', $form), static function (string $field): bool {
            return urldecode(explode('=', $field, 2)[0]) !== 'token';
        }));
    }

    /** Browsers say so over https and on loopback; elsewhere the page finds out by itself. */
    private static function isFramed(): bool
    {
        return ($_SERVER['HTTP_SEC_FETCH_DEST'] ?? '') === 'iframe';
    }

    private static function printable(string $name, string $otherwise): string
    {
        $value = $_SERVER[$name] ?? '';

        return is_string($value) && preg_match('/^[\x20-\x7e]{1,500}$/D', $value) === 1 ? $value : $otherwise;
    }
}
