<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/** Makes any bytes safe to keep: valid UTF-8, bounded, without card numbers and without "password=..." pairs. */
final class FreeText
{
    const TRUNCATED = '[truncated]';
    // What is read beyond the limit, so that a secret lying across it is masked before the cut and not halved by it.
    const LOOK_AHEAD_BYTES = 512;

    const ASSIGNMENT = '/(?<![A-Za-z0-9])
        (["\']?[A-Za-z0-9_.-]{0,40}(?:passw(?:or)?d|passphrase|pwd|(?<![A-Za-z0-9])(?:pass|pin|otp|epp)(?=["\']?\]?\s{0,3}=)|secret|token|cvv2?|cvc2?|api[_ -]?key|private[_ -]?key|access[_ -]?hash|epp[_ -]?code|auth[_ -]?code|authorization|cookie)[A-Za-z0-9_.-]{0,40}["\']?
        \]?\s{0,3}(?:=>|=|:)\s{0,3}(?:(?:Bearer|Basic)\s+)?)
        ("[^"]*+"?|\'[^\']*+\'?|[^\s,;&<>)}\]]+)/xi';

    public static function clean(string $text, int $maxBytes): string
    {
        $isLong = strlen($text) > $maxBytes;
        $text = self::masked(self::validUtf8($isLong ? substr($text, 0, $maxBytes + self::LOOK_AHEAD_BYTES) : $text));
        if (!$isLong && strlen($text) <= $maxBytes) {
            return $text;
        }

        return mb_strcut($text, 0, $maxBytes, 'UTF-8') . self::TRUNCATED;
    }

    public static function shorten(string $text, int $maxCharacters): string
    {
        return mb_strlen($text, 'UTF-8') <= $maxCharacters
            ? $text
            : mb_substr($text, 0, $maxCharacters, 'UTF-8') . self::TRUNCATED;
    }

    public static function validUtf8(string $text): string
    {
        if (mb_check_encoding($text, 'UTF-8')) {
            return $text;
        }
        $before = mb_substitute_character();
        mb_substitute_character(0xFFFD);
        $valid = mb_convert_encoding($text, 'UTF-8', 'UTF-8');
        mb_substitute_character($before);

        return (string) $valid;
    }

    private static function masked(string $text): string
    {
        if (strpbrk($text, '=:') !== false) {
            $replaced = preg_replace(self::ASSIGNMENT, '$1' . Redactor::REDACTED, $text);
            $text = $replaced === null ? Redactor::REDACTED : $replaced;
        }

        return CardNumbers::mask($text);
    }
}
