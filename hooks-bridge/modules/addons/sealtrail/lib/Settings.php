<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/** Where the sidecar is and who we are to it. The secret is kept out of the database where the host allows it. */
final class Settings
{
    const MODULE = 'sealtrail';
    const SECRET_ENV = 'SEALTRAIL_BRIDGE_SECRET';
    const SECRET_FILE = 'sealtrail-secret.php';

    private $root;
    private $readFields;
    private $fields;

    /**
     * @param string   $root       the WHMCS root, where configuration.php is
     * @param callable $readFields gives the addon's stored settings, setting => value
     */
    public function __construct(string $root, callable $readFields)
    {
        $this->root = $root;
        $this->readFields = $readFields;
    }

    public static function ofBilling(string $root, Connection $connection): self
    {
        return new self($root, static function () use ($connection): array {
            return $connection
                ->run('SELECT setting, value FROM tbladdonmodules WHERE module = ?', [self::MODULE])
                ->fetchAll(\PDO::FETCH_KEY_PAIR);
        });
    }

    public function sidecarUrl(): string
    {
        $url = rtrim(trim($this->field('sidecar_url')), '/');

        return preg_match('~^https?://[^\s/?#@]+(/[^\s?#]*)?$~i', $url) ? $url : '';
    }

    public function bridgeId(): string
    {
        $id = trim($this->field('bridge_id'));

        return preg_match('/^[A-Za-z0-9_.-]{1,100}$/', $id) ? $id : '';
    }

    public function secret(): string
    {
        $secret = $this->findSecret()[0];

        return Signature::isSecret($secret) ? $secret : '';
    }

    /** @return string env, file, field or none: where the secret was found */
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
        foreach ([dirname($this->root), $this->root] as $folder) {
            $file = $folder . '/' . self::SECRET_FILE;
            if (@is_file($file)) {
                $secret = (static function () use ($file) {
                    return include $file;
                })();

                return [is_string($secret) ? trim($secret) : '', 'file'];
            }
        }
        $field = trim($this->field('secret'));

        return [$field, $field === '' ? 'none' : 'field'];
    }

    private function field(string $name): string
    {
        if ($this->fields === null) {
            $this->fields = ($this->readFields)();
        }

        return (string) ($this->fields[$name] ?? '');
    }
}
