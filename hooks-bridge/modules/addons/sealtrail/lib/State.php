<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/** Small values of this installation that outlive a request. */
final class State
{
    private $connection;
    private $schema;
    private $install;

    public function __construct(Connection $connection, Schema $schema)
    {
        $this->connection = $connection;
        $this->schema = $schema;
    }

    /** A random value of this installation; session ids leave PHP only hashed with it. */
    public function salt(): string
    {
        return $this->install()['salt'];
    }

    /** The step of the billing database's AUTO_INCREMENT, in which sequence numbers count up. */
    public function sequenceStep(): int
    {
        return $this->install()['step'];
    }

    public function find(string $name): ?string
    {
        $value = $this->connection->run('SELECT value FROM mod_sealtrail_state WHERE name = ?', [$name])->fetchColumn();

        return $value === false ? null : (string) $value;
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

    private function install(): array
    {
        if ($this->install === null) {
            $this->install = $this->schema->ensured(function (): array {
                return $this->readInstall() ?: $this->makeInstall();
            });
        }

        return $this->install;
    }

    private function readInstall(): ?array
    {
        $row = $this->connection->run(
            "SELECT value AS salt, @@auto_increment_increment AS step FROM mod_sealtrail_state WHERE name = 'install_salt'"
        )->fetch();

        return $row === false ? null : ['salt' => $row['salt'], 'step' => (int) $row['step']];
    }

    private function makeInstall(): array
    {
        $this->connection->run(
            "INSERT IGNORE INTO mod_sealtrail_state (name, value) VALUES ('install_salt', ?)",
            [bin2hex(random_bytes(32))]
        );

        return $this->readInstall();
    }
}
