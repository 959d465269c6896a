<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/** What this PHP must have for the bridge to work. */
final class Requirements
{
    const EXTENSIONS = ['openssl', 'curl', 'json', 'mbstring', 'pdo_mysql'];

    /** @return array<string, bool> extension => present */
    public static function check(): array
    {
        $found = [];
        foreach (self::EXTENSIONS as $extension) {
            $found[$extension] = extension_loaded($extension);
        }

        return $found;
    }

    /** @return string[] */
    public static function missing(): array
    {
        return array_keys(array_filter(self::check(), static function (bool $isPresent): bool {
            return !$isPresent;
        }));
    }
}
