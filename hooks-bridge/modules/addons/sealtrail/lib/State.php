<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/** Small values of this installation that outlive a request. */
final class State
{
    const PAUSED = 'paused';

    private $connection;
    private $schema;
    private $facts;
    private $install;
    private $isPaused = false;

    public function __construct(Connection $connection, Schema $schema, ?FactsCache $facts = null)
    {
        $this->connection = $connection;
        $this->schema = $schema;
        $this->facts = $facts;
    }

    /** A random value of this installation; session ids leave PHP only hashed with it. */
    public function salt(): string
    {
        return $this->install();
    }

    public function find(string $name): ?string
    {
        $value = $this->connection->run('SELECT value FROM mod_sealtrail_state WHERE name = ?', [$name])->fetchColumn();

        return $value === false ? null : (string) $value;
    }

    /** Whether a person has paused the capture; known together with the salt. Other web nodes know it within a minute. */
    public function isPaused(): bool
    {
        $this->install();

        return $this->isPaused;
    }

    public function pause(bool $isPaused)
    {
        $isPaused ? $this->put(self::PAUSED, '1') : $this->forget(self::PAUSED);
        $this->isPaused = $isPaused;
        if ($this->facts !== null) {
            $this->facts->forget();
        }
    }

    /**
     * @param string[] $names
     *
     * @return array<string, string>
     */
    public function several(array $names): array
    {
        $marks = implode(', ', array_fill(0, count($names) + 2, '?'));
        $found = $this->connection
            ->run('SELECT name, value FROM mod_sealtrail_state WHERE name IN (' . $marks . ')', array_merge($names, ['install_salt', self::PAUSED]))
            ->fetchAll(\PDO::FETCH_KEY_PAIR);
        if (isset($found['install_salt'])) {
            $this->install = $found['install_salt'];
            $this->isPaused = isset($found[self::PAUSED]);
        }

        return $found;
    }

    public function put(string $name, string $value)
    {
        $this->connection->run(
            'INSERT INTO mod_sealtrail_state (name, value) VALUES (?, ?) ON DUPLICATE KEY UPDATE value = VALUES(value)',
            [$name, $value]
        );
    }

    public function forget(string $name)
    {
        $this->connection->run('DELETE FROM mod_sealtrail_state WHERE name = ?', [$name]);
    }

    private function install(): string
    {
        $kept = $this->install !== null || $this->facts === null ? null : $this->facts->find('install');
        if (is_string($kept['salt'] ?? null)) {
            $this->install = $kept['salt'];
            $this->isPaused = !empty($kept['paused']);
        }
        if ($this->install === null) {
            $this->install = $this->schema->ensured(function (): string {
                return $this->several([])['install_salt'] ?? $this->makeInstall();
            });
            if ($this->facts !== null) {
                $this->facts->put('install', ['salt' => $this->install, 'paused' => $this->isPaused]);
            }
        }

        return $this->install;
    }

    private function makeInstall(): string
    {
        $this->connection->run(
            "INSERT IGNORE INTO mod_sealtrail_state (name, value) VALUES ('install_salt', ?)",
            [bin2hex(random_bytes(32))]
        );

        return (string) $this->find('install_salt');
    }
}
