<?php

declare(strict_types=1);

class App
{
    private static $trusted;

    /** WHMCS believes a forwarding header only from a peer among its trusted proxies. */
    public static function getClientIp()
    {
        $peer = $_SERVER['REMOTE_ADDR'] ?? '';
        $trusted = self::trustedProxies();
        $forwarded = $_SERVER['HTTP_X_FORWARDED_FOR'] ?? '';

        return $forwarded !== '' && in_array($peer, explode(',', $trusted), true) ? trim(explode(',', $forwarded)[0]) : $peer;
    }

    /** Read once at start-up, as WHMCS does with its whole configuration. */
    public static function trustedProxies(): string
    {
        if (self::$trusted === null) {
            self::$trusted = (string) \WHMCS\Database\Capsule::table('tblconfiguration')->where('setting', 'TrustedProxyIps')->value('value');
        }

        return self::$trusted;
    }
}
