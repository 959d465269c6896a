<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/** Standard Webhooks 1.0.0, symmetric: v1 over "id.timestamp.body" with the decoded bytes of a whsec_ secret. */
final class Signature
{
    const PREFIX = 'whsec_';
    const MIN_KEY_BYTES = 24;
    const MAX_KEY_BYTES = 64;

    private $keys;

    /** @param string $secrets one secret, or several parted by spaces while they are rotated */
    public function __construct(string $secrets)
    {
        $this->keys = array_map([self::class, 'key'], preg_split('/\s+/', trim($secrets)));
    }

    public static function isSecret(string $secrets): bool
    {
        try {
            new self($secrets);

            return true;
        } catch (\InvalidArgumentException $e) {
            return false;
        }
    }

    public function sign(string $id, int $timestamp, string $body): string
    {
        $signatures = [];
        foreach ($this->keys as $key) {
            $signatures[] = 'v1,' . base64_encode(hash_hmac('sha256', $id . '.' . $timestamp . '.' . $body, $key, true));
        }

        return implode(' ', $signatures);
    }

    /** Whether one of these signatures, parted by spaces, is made with one of our keys. */
    public function isAnswer(string $signed, string $signatures): bool
    {
        foreach ($this->keys as $key) {
            $expected = 'v1,' . base64_encode(hash_hmac('sha256', $signed, $key, true));
            foreach (explode(' ', $signatures) as $signature) {
                if (hash_equals($expected, $signature)) {
                    return true;
                }
            }
        }

        return false;
    }

    private static function key(string $secret): string
    {
        $isMarked = strncmp($secret, self::PREFIX, strlen(self::PREFIX)) === 0;
        $key = $isMarked ? base64_decode(substr($secret, strlen(self::PREFIX)), true) : false;
        if ($key === false || strlen($key) < self::MIN_KEY_BYTES || strlen($key) > self::MAX_KEY_BYTES) {
            throw new \InvalidArgumentException('not a whsec_ secret of 24 to 64 bytes');
        }

        return $key;
    }
}
