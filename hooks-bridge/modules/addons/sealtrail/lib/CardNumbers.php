<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/**
 * Masks what looks like a card number in free text: 13 to 19 digits that pass the Luhn check, in one run or in groups
 * parted by single spaces or dashes. A valid IBAN stays: a changed bank account is evidence. "card 4111 1111 1111 1111 used" becomes "card [redacted, ends 1111] used".
 */
final class CardNumbers
{
    public static function mask(string $text): string
    {
        if (!preg_match('/\d[ -]?\d[ -]?\d[ -]?\d/', $text)) {
            return $text;
        }
        if (!preg_match_all('/\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}(?![A-Za-z0-9])/', $text, $found, PREG_OFFSET_CAPTURE)) {
            return self::maskDigitGroups($text);
        }
        $masked = '';
        $at = 0;
        foreach ($found[0] as list($candidate, $offset)) {
            $iban = self::longestIban($candidate);
            if ($iban !== null) {
                $masked .= self::maskDigitGroups(substr($text, $at, $offset - $at)) . $iban;
                $at = $offset + strlen($iban);
            }
        }

        return $masked . self::maskDigitGroups(substr($text, $at));
    }

    private static function maskDigitGroups(string $text): string
    {
        $masked = preg_replace_callback('/\d+(?:[ -]\d+)*/', static function (array $chain): string {
            return self::maskChain($chain[0]);
        }, $text);

        return $masked === null ? Redactor::REDACTED : $masked;
    }

    // The candidate, or the longest run of its groups that passes the check: the next word may be in capitals too.
    private static function longestIban(string $candidate): ?string
    {
        for ($end = strlen($candidate); $end !== false && $end >= 15; $end = strrpos(substr($candidate, 0, $end), ' ')) {
            if (self::isIban(str_replace(' ', '', substr($candidate, 0, $end)))) {
                return substr($candidate, 0, $end);
            }
        }

        return null;
    }

    // ISO 7064 MOD 97-10: the first four characters to the end, letters as numbers from ten on.
    private static function isIban(string $text): bool
    {
        $rest = 0;
        foreach (str_split(substr($text, 4) . substr($text, 0, 4)) as $character) {
            $value = (int) base_convert($character, 36, 10);
            $rest = ($rest * ($value > 9 ? 100 : 10) + $value) % 97;
        }

        return $rest === 1;
    }

    public static function lastFourOf(string $value): string
    {
        $digits = (string) preg_replace('/\D/', '', $value);

        return strlen($digits) >= 13 ? '[redacted, ends ' . substr($digits, -4) . ']' : Redactor::REDACTED;
    }

    // Every window of whole groups is tried, so that a date in front of a card number cannot hide it.
    private static function maskChain(string $chain): string
    {
        $parts = preg_split('/([ -])/', $chain, -1, PREG_SPLIT_DELIM_CAPTURE);
        $out = '';
        $count = count($parts);
        for ($from = 0; $from < $count; $from += 2) {
            $to = self::windowEnd($parts, $from);
            if ($to === null) {
                $out .= $parts[$from] . ($parts[$from + 1] ?? '');
                continue;
            }
            $out .= self::lastFourOf(implode('', array_slice($parts, $from, $to - $from + 1))) . ($parts[$to + 1] ?? '');
            $from = $to;
        }

        return $out;
    }

    /** @param string[] $parts groups at even places, separators between them */
    private static function windowEnd(array $parts, int $from): ?int
    {
        $digits = '';
        $found = null;
        for ($to = $from, $count = count($parts); $to < $count; $to += 2) {
            // Groups inside a written card number have three digits or more; those of a date do not.
            if ($to > $from && strlen($parts[$to - 2]) < 3) {
                break;
            }
            $digits .= $parts[$to];
            if (strlen($digits) > 19) {
                break;
            }
            if (strlen($digits) >= 13 && self::passesLuhn($digits)) {
                $found = $to;
            }
            if ($found === $from) {
                break;
            }
        }

        return $found;
    }

    private static function passesLuhn(string $digits): bool
    {
        $sum = 0;
        foreach (array_reverse(str_split($digits)) as $place => $digit) {
            $value = (int) $digit * ($place % 2 === 1 ? 2 : 1);
            $sum += $value > 9 ? $value - 9 : $value;
        }

        return $sum > 0 && $sum % 10 === 0;
    }
}
