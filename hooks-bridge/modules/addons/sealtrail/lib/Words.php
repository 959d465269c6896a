<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/** Texts in the admin's language; WHMCS hands them to the page only, so elsewhere the English file is read. */
final class Words
{
    private $words;

    public function __construct(array $words)
    {
        $this->words = $words + self::english();
    }

    public function text(string $key): string
    {
        return (string) ($this->words[$key] ?? $key);
    }

    private static function english(): array
    {
        $_ADDONLANG = [];
        require dirname(__DIR__) . '/lang/english.php';

        return $_ADDONLANG;
    }
}
