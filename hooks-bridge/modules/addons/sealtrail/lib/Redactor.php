<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/**
 * Turns whatever a hook handed over into plain, bounded JSON values without secrets. One walk does it all, so that nothing
 * unredacted is ever held: paths of the hook table, names that mean a secret, card numbers in text, depth, size, encoding.
 */
final class Redactor
{
    const REDACTED = '[redacted]';
    const CHANGED = '[redacted:changed]';
    const TRUNCATED = FreeText::TRUNCATED;
    const REGISTRAR_SETTINGS = '<registrar settings>';

    const MAX_DEPTH = 8;
    const MAX_ITEMS = 400;
    const MAX_STRING_BYTES = 16384;
    const MAX_KEY_BYTES = 128;
    const MINIMISED_CHARACTERS = 500;

    private $redact;
    private $minimise;
    private $bytesLeft;

    /**
     * @param string[] $redact   paths such as "password" or "params.serverpassword"
     * @param string[] $minimise paths whose texts are shortened
     */
    public function __construct(array $redact, array $minimise)
    {
        $this->redact = array_fill_keys(array_map('strtolower', $redact), true);
        $this->minimise = array_fill_keys(array_map('strtolower', $minimise), true);
    }

    public function clean(array $values, int $maxBytes = 100000): array
    {
        $this->bytesLeft = $maxBytes;

        return $this->walkArray($values, '', 0, false);
    }

    private function walkArray(array $values, string $path, int $depth, bool $isMinimised): array
    {
        $out = [];
        $namesASecret = $this->namesASecret($values);
        $isList = array_keys($values) === range(0, count($values) - 1);
        foreach ($values as $key => $value) {
            if (count($out) >= self::MAX_ITEMS || $this->bytesLeft <= 0) {
                $isList ? $out[] = self::TRUNCATED : $out[self::TRUNCATED] = self::TRUNCATED;
                break;
            }
            $name = is_int($key) ? $key : FreeText::clean($key, self::MAX_KEY_BYTES);
            $this->bytesLeft -= strlen((string) $name) + 4;
            $out[$name] = $namesASecret && $key === 'value'
                ? $this->withheld($value, '')
                : $this->walk($value, (string) $key, $path, $depth, $isMinimised);
        }

        return $out;
    }

    private function walk($value, string $key, string $parentPath, int $depth, bool $isMinimised)
    {
        $path = $parentPath === '' ? strtolower($key) : $parentPath . '.' . strtolower($key);
        if ($this->isListed($path, $parentPath, $key) || $this->isSecretByName($key, $value)) {
            return $this->withheld($value, $key);
        }
        if (is_object($value)) {
            $value = ObjectFields::of($value);
        }
        if (is_string($value)) {
            return $this->text($value, $isMinimised || isset($this->minimise[$path]));
        }
        if (is_array($value)) {
            return $depth + 1 >= self::MAX_DEPTH
                ? self::TRUNCATED
                : $this->walkArray($value, $path, $depth + 1, $isMinimised || isset($this->minimise[$path]));
        }
        $this->bytesLeft -= 8;
        if (is_float($value)) {
            return DecimalText::fromFloat($value);
        }
        if (is_int($value)) {
            return DecimalText::fromInt($value);
        }

        return is_bool($value) || $value === null ? $value : '[resource]';
    }

    private function text(string $value, bool $isMinimised): string
    {
        $text = FreeText::clean($value, max(0, min(self::MAX_STRING_BYTES, $this->bytesLeft)));
        if ($isMinimised) {
            $text = FreeText::shorten($text, self::MINIMISED_CHARACTERS);
        }
        $this->bytesLeft -= strlen($text);

        return $text;
    }

    private function isListed(string $path, string $parentPath, string $key): bool
    {
        return isset($this->redact[$path])
            || (isset($this->redact[$parentPath . '.' . self::REGISTRAR_SETTINGS]) && !RegistrarParams::isFact($key));
    }

    // A flag or an empty value tells that something is there or not, never what it is.
    private function isSecretByName(string $key, $value): bool
    {
        if ($value === null || is_bool($value) || in_array($value, WatchedTables::OPEN_VALUES, true)) {
            return false;
        }

        return SecretNames::isSecret($key) || (is_string($value) && SecretNames::isSecretHash($key, $value));
    }

    /** ['name' => 'ApiKey', 'value' => '...'] hides its secret behind a harmless key. */
    private function namesASecret(array $values): bool
    {
        if (!array_key_exists('value', $values)) {
            return false;
        }
        foreach (['name', 'setting', 'field', 'fieldname', 'key'] as $key) {
            if (isset($values[$key]) && is_string($values[$key]) && SecretNames::isSecret($values[$key])) {
                return true;
            }
        }

        return false;
    }

    private function withheld($value, string $key)
    {
        if ($value === null || $value === '' || $value === self::CHANGED) {
            return $value;
        }
        $isCard = preg_match('/^card.?num/i', $key) === 1 && (is_string($value) || is_int($value));

        return $isCard ? CardNumbers::lastFourOf((string) $value) : self::REDACTED;
    }
}
