<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/** PHP's clock as RFC 3339 UTC with milliseconds; the billing system's own zone never matters. */
final class Instant
{
    public static function format(float $nowSeconds): string
    {
        $ms = (int) floor($nowSeconds * 1000);

        return gmdate('Y-m-d\TH:i:s', intdiv($ms, 1000)) . sprintf('.%03dZ', $ms % 1000);
    }
}
