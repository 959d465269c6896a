<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/**
 * Says whether the answer to the visitor can be closed before we go to the network, and closes it. Under PHP-FPM and
 * LiteSpeed it can; a command has no visitor. Anywhere else (mod_php, CGI, the built-in server) a delivery would hold the
 * page open, so it is left to the cron.
 */
final class ResponseEnd
{
    const CLOSERS = ['fastcgi_finish_request', 'litespeed_finish_request'];
    const COMMANDS = ['cli', 'phpdbg'];
    const OWN_SECONDS = 60;
    const OWN_BYTES = 67108864;

    public static function canPrecede(): bool
    {
        return in_array(PHP_SAPI, self::COMMANDS, true) || self::closer() !== null;
    }

    /**
     * The page is complete: it goes out now, so that nothing that happens to us can change it, its status or its headers any
     * more. Where the server cannot close the connection the page is at least on its way.
     */
    public static function settle()
    {
        ignore_user_abort(true);
        // The visitor's next click must not wait for the session lock of a request that only does our work.
        if (session_status() === PHP_SESSION_ACTIVE) {
            session_write_close();
        }
        $closer = self::closer();
        if ($closer !== null) {
            $closer();
        } elseif (!in_array(PHP_SAPI, self::COMMANDS, true)) {
            while (ob_get_level() > 0 && @ob_end_flush()) {
                continue;
            }
            flush();
            // What is printed from here on is ours, and nobody's.
            ob_start(static function (): string {
                return '';
            });
        }
        // From here on an error is for the log, and our work has time and memory of its own.
        @ini_set('display_errors', '0');
        @set_time_limit(self::OWN_SECONDS);
        Headroom::take(self::OWN_BYTES);
    }

    private static function closer(): ?string
    {
        foreach (self::CLOSERS as $function) {
            if (function_exists($function)) {
                return $function;
            }
        }

        return null;
    }
}
