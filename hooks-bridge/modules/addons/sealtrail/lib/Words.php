<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/** Texts in the admin's language; WHMCS hands them to the page only, so elsewhere the file of the language is read. */
final class Words
{
    const LANGUAGES = ['english', 'chinese', 'chinese-tw'];

    private $words;

    public function __construct(array $words)
    {
        $this->words = $words + self::english();
    }

    public function text(string $key): string
    {
        return (string) ($this->words[$key] ?? $key);
    }

    /** @param string $language as WHMCS names it, by file; one that we do not have gives English */
    public static function inLanguage(string $language): self
    {
        return new self($language !== 'english' && in_array($language, self::LANGUAGES, true) ? self::file($language) : []);
    }

    /** The text with each {name} filled in. */
    public function fill(string $key, array $values): string
    {
        $marks = [];
        foreach ($values as $name => $value) {
            $marks['{' . $name . '}'] = (string) $value;
        }

        return strtr($this->text($key), $marks);
    }

    private static function english(): array
    {
        return self::file('english');
    }

    private static function file(string $language): array
    {
        $_ADDONLANG = [];
        require dirname(__DIR__) . '/lang/' . $language . '.php';

        return $_ADDONLANG;
    }
}
