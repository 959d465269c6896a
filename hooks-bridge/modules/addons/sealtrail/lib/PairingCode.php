<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/** "stp1." and base64url of {"u": address of the sidecar, "i": our id there, "s": our secret}. */
final class PairingCode
{
    const PREFIX = 'stp1.';
    const MAX_BYTES = 4096;

    private $url;
    private $id;
    private $secret;

    private function __construct(string $url, string $id, string $secret)
    {
        $this->url = $url;
        $this->id = $id;
        $this->secret = $secret;
    }

    /** @throws \InvalidArgumentException */
    public static function parse(string $code): self
    {
        // Terminals and mail programs break long lines.
        $code = (string) preg_replace('/\s+/', '', $code);
        if ($code === '') {
            throw new \InvalidArgumentException('Paste the pairing code that `sealtrail bridge add` printed.');
        }
        if (strncmp($code, self::PREFIX, strlen(self::PREFIX)) !== 0) {
            throw new \InvalidArgumentException('This is not a pairing code: it must begin with ' . self::PREFIX);
        }
        $values = strlen($code) > self::MAX_BYTES ? null : self::decode(substr($code, strlen(self::PREFIX)));
        if ($values === null) {
            throw new \InvalidArgumentException('The pairing code is damaged. Copy it again, from its first to its last character.');
        }

        return new self(...$values);
    }

    public function url(): string
    {
        return $this->url;
    }

    public function id(): string
    {
        return $this->id;
    }

    public function secret(): string
    {
        return $this->secret;
    }

    /** @return string[]|null url, id, secret */
    private static function decode(string $text): ?array
    {
        $json = base64_decode(strtr($text, '-_', '+/'), true);
        $values = $json === false ? null : json_decode($json, true);
        $found = [];
        foreach (['u', 'i', 's'] as $name) {
            if (!is_array($values) || !is_string($values[$name] ?? null)) {
                return null;
            }
            $found[] = $values[$name];
        }
        $isFine = Settings::isUrl($found[0]) && Settings::isId($found[1]) && Signature::isSecret($found[2]);

        return $isFine ? $found : null;
    }
}
