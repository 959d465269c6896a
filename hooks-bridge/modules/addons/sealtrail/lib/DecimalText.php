<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/** Numbers as exact text: 14 significant digits as PHP prints them, never in exponent form, in any locale. */
final class DecimalText
{
    const LARGEST_EXACT_INT = 9007199254740991;

    /** @return int|string an int that any JSON reader keeps exact, else its digits */
    public static function fromInt(int $value)
    {
        return $value > self::LARGEST_EXACT_INT || $value < -self::LARGEST_EXACT_INT ? (string) $value : $value;
    }

    public static function fromFloat(float $value): string
    {
        if (is_nan($value)) {
            return 'NAN';
        }
        if (is_infinite($value)) {
            return $value > 0 ? 'INF' : '-INF';
        }
        if ($value == 0.0) {
            return '0';
        }
        preg_match('/^(-?)(\d)[.,]?(\d*)e([+-]\d+)$/', sprintf('%.13e', $value), $parts);
        $digits = rtrim($parts[2] . $parts[3], '0');
        $pointAt = (int) $parts[4] + 1;
        if ($pointAt <= 0) {
            return $parts[1] . '0.' . str_repeat('0', -$pointAt) . $digits;
        }
        if ($pointAt >= strlen($digits)) {
            return $parts[1] . str_pad($digits, $pointAt, '0');
        }

        return $parts[1] . substr($digits, 0, $pointAt) . '.' . substr($digits, $pointAt);
    }
}
