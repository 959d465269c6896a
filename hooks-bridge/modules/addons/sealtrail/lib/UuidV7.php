<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/** RFC 9562, section 5.7: 48 bits of Unix milliseconds, then random bits. */
final class UuidV7
{
    public static function make(float $nowSeconds): string
    {
        $bytes = substr(pack('J', (int) floor($nowSeconds * 1000)), 2) . random_bytes(10);
        $bytes[6] = chr((ord($bytes[6]) & 0x0f) | 0x70);
        $bytes[8] = chr((ord($bytes[8]) & 0x3f) | 0x80);

        return vsprintf('%s%s-%s-%s-%s-%s%s%s', str_split(bin2hex($bytes), 4));
    }
}
