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

    public static function canPrecede(): bool
    {
        return in_array(PHP_SAPI, self::COMMANDS, true) || self::closer() !== null;
    }

    public static function close()
    {
        // The visitor's next click must not wait for the session lock of a request that only talks to the sidecar.
        if (session_status() === PHP_SESSION_ACTIVE) {
            session_write_close();
        }
        $closer = self::closer();
        if ($closer !== null) {
            $closer();
        }
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
