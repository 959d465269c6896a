<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/** Where the sidecar is and who we are to it. The secret is kept out of the database where the host allows it. */
final class Settings
{
    const MODULE = 'sealtrail';
    const SECRET_ENV = 'SEALTRAIL_BRIDGE_SECRET';
    const SECRET_FILE = 'sealtrail-secret.php';
    const STATE_SECRET = 'state_secret';

    private $root;
    private $readFields;
    private $writeField;
    private $fields;

    /**
     * @param string        $root       the WHMCS root, where configuration.php is
     * @param callable      $readFields gives the addon's stored settings, setting => value
     * @param callable|null $writeField stores one of them: setting, value
     */
    public function __construct(string $root, callable $readFields, ?callable $writeField = null)
    {
        $this->root = $root;
        $this->readFields = $readFields;
        $this->writeField = $writeField;
    }

    public static function ofBilling(string $root, Connection $connection): self
    {
        $store = new SettingsStore($connection);

        return new self($root, [$store, 'read'], [$store, 'write']);
    }

    /**
     * Takes the code that `sealtrail bridge add` or `bridge rotate` prints.
     *
     * @throws \InvalidArgumentException with a message for the person who pasted it
     */
    public function pairWithCode(string $code): void
    {
        $pairing = PairingCode::parse($code);
        $fixed = getenv(self::SECRET_ENV);
        if (is_string($fixed) && trim($fixed) !== '' && trim($fixed) !== $pairing->secret()) {
            throw new \InvalidArgumentException(
                'The environment variable ' . self::SECRET_ENV . ' sets another secret. Remove or change it, then pair again.'
            );
        }
        try {
            // The secret first: an address without its secret sends nothing, the other way round would be refused.
            $this->keepSecret($pairing->secret());
            ($this->writeField)('sidecar_url', $pairing->url());
            ($this->writeField)('bridge_id', $pairing->id());
        } catch (\Throwable $e) {
            throw new \InvalidArgumentException('The code is fine, but it could not be stored. Check the database, then pair again.', 0, $e);
        } finally {
            $this->fields = null;
        }
    }

    public function sidecarUrl(): string
    {
        $url = rtrim(trim($this->field('sidecar_url')), '/');

        return self::isUrl($url) ? $url : '';
    }

    public function bridgeId(): string
    {
        $id = trim($this->field('bridge_id'));

        return self::isId($id) ? $id : '';
    }

    public static function isUrl(string $url): bool
    {
        return preg_match('~^https?://[^\s/?#@]+(/[^\s?#]*)?$~iD', $url) === 1;
    }

    public static function isId(string $id): bool
    {
        return preg_match('/^[A-Za-z0-9_.-]{1,100}$/D', $id) === 1;
    }

    public function secret(): string
    {
        $secret = $this->findSecret()[0];

        return Signature::isSecret($secret) ? $secret : '';
    }

    /** The file that holds the secret; null where there is none. */
    public function secretFile(): ?string
    {
        foreach (array_merge($this->outerFolders(), [$this->root]) as $folder) {
            if (@is_file($folder . '/' . self::SECRET_FILE)) {
                return $folder . '/' . self::SECRET_FILE;
            }
        }

        return null;
    }

    /** @return string env, file, state, field or none: where the secret was found */
    public function secretSource(): string
    {
        return $this->findSecret()[1];
    }

    public function isPaired(): bool
    {
        return $this->sidecarUrl() !== '' && $this->bridgeId() !== '' && $this->secret() !== '';
    }

    private function findSecret(): array
    {
        $env = getenv(self::SECRET_ENV);
        if (is_string($env) && $env !== '') {
            return [trim($env), 'env'];
        }
        foreach (array_merge($this->outerFolders(), [$this->root]) as $folder) {
            $file = $folder . '/' . self::SECRET_FILE;
            if (@is_file($file)) {
                $secret = (static function () use ($file) {
                    return include $file;
                })();

                return [is_string($secret) ? trim($secret) : '', 'file'];
            }
        }
        foreach ([self::STATE_SECRET => 'state', 'secret' => 'field'] as $field => $source) {
            if (trim($this->field($field)) !== '') {
                return [trim($this->field($field)), $source];
            }
        }

        return ['', 'none'];
    }

    /** In a file that no browser can ask for, else in our own table; never in tbladdonmodules, which many a module reads. */
    private function keepSecret(string $secret)
    {
        $isInFile = false;
        foreach ($this->outerFolders() as $folder) {
            if ($this->writeSecretFile($folder . '/' . self::SECRET_FILE, $secret)) {
                $isInFile = true;
                break;
            }
        }
        if (!$isInFile && $this->findSecret()[1] === 'file' && !$this->writeSecretFile($this->root . '/' . self::SECRET_FILE, $secret)) {
            throw new \RuntimeException('an older secret file is in the way and cannot be written');
        }
        ($this->writeField)(self::STATE_SECRET, $isInFile ? '' : $secret);
        ($this->writeField)('secret', '');
    }

    // Written whole or not at all: a request that reads it meanwhile finds the old secret or the new one.
    private function writeSecretFile(string $file, string $secret): bool
    {
        $draft = $file . '.' . bin2hex(random_bytes(6));
        $text = "<?php\n\nreturn '" . $secret . "';\n";
        $before = umask(0077);
        try {
            if (@is_link($file) || @file_put_contents($draft, $text) !== strlen($text) || !@rename($draft, $file)) {
                @unlink($draft);

                return false;
            }
        } finally {
            umask($before);
        }
        if (function_exists('opcache_invalidate')) {
            @opcache_invalidate($file, true);
        }

        return true;
    }

    /** @return string[] folders outside the WHMCS root: above it, and where its attachments live */
    private function outerFolders(): array
    {
        $attachments = $GLOBALS['attachments_dir'] ?? null;
        $folders = [dirname($this->root)];
        if (is_string($attachments) && $attachments !== '' && strpos($attachments . '/', rtrim($this->root, '/') . '/') !== 0) {
            $folders[] = dirname(rtrim($attachments, '/'));
        }

        return array_values(array_unique(array_filter($folders, 'is_dir')));
    }

    private function field(string $name): string
    {
        if ($this->fields === null) {
            $this->fields = ($this->readFields)();
        }

        return (string) ($this->fields[$name] ?? '');
    }
}
