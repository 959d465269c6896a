<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/** Where settings are kept: WHMCS's table of addon settings, and our own for the secret, which must not lie in the former. */
final class SettingsStore
{
    const STATE_NAME = 'bridge_secret';

    private $connection;
    private $schema;

    public function __construct(Connection $connection)
    {
        $this->connection = $connection;
        $this->schema = new Schema($connection);
    }

    /** @return array<string, string> */
    public function read(): array
    {
        $fields = $this->connection
            ->run('SELECT setting, value FROM tbladdonmodules WHERE module = ?', [Settings::MODULE])
            ->fetchAll(\PDO::FETCH_KEY_PAIR);
        $secret = $this->schema->ensured(function () {
            return $this->connection->run('SELECT value FROM mod_sealtrail_state WHERE name = ?', [self::STATE_NAME])->fetchColumn();
        });

        return [Settings::STATE_SECRET => (string) $secret] + $fields;
    }

    public function write(string $setting, string $value)
    {
        if ($setting !== Settings::STATE_SECRET) {
            $this->writeField($setting, $value);

            return;
        }
        $this->schema->ensured(function () use ($value) {
            $this->connection->run(
                $value === ''
                    ? 'DELETE FROM mod_sealtrail_state WHERE name = ?'
                    : 'INSERT INTO mod_sealtrail_state (name, value) VALUES (?, ?) ON DUPLICATE KEY UPDATE value = VALUES(value)',
                $value === '' ? [self::STATE_NAME] : [self::STATE_NAME, $value]
            );
        });
    }

    private function writeField(string $setting, string $value)
    {
        $where = [Settings::MODULE, $setting];
        $changed = $this->connection
            ->run('UPDATE tbladdonmodules SET value = ? WHERE module = ? AND setting = ?', array_merge([$value], $where))
            ->rowCount();
        if ($changed === 0 && $value !== '') {
            $this->connection->run('INSERT INTO tbladdonmodules (module, setting, value) VALUES (?, ?, ?)', array_merge($where, [$value]));
        }
    }
}
