<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/**
 * The bridge's own connection to the billing database, opened at the first event of a request. Sharing WHMCS's connection
 * would tie an event to a transaction that may be rolled back, commit that transaction when a table is made, and change
 * LAST_INSERT_ID() under the code that fired the hook.
 */
final class Connection
{
    const CONNECT_TIMEOUT_SECONDS = 1;
    const SESSION = "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', time_zone = '+00:00', autocommit = 1, "
        . "innodb_lock_wait_timeout = 1, lock_wait_timeout = 1";
    const LOST_CONNECTION = [2006, 2013];

    private $config;
    private $pdo;
    private $isAway = false;

    /** @param callable $config gives Illuminate's connection settings; called only when a connection is needed */
    public function __construct(callable $config)
    {
        $this->config = $config;
    }

    public static function ofBilling(): self
    {
        return new self(static function (): array {
            return (array) \WHMCS\Database\Capsule::connection()->getConfig();
        });
    }

    public function run(string $sql, array $values = []): \PDOStatement
    {
        try {
            return $this->execute($sql, $values);
        } catch (\PDOException $e) {
            if (!$this->isLost($e) || ($this->pdo !== null && $this->pdo->inTransaction())) {
                throw $e;
            }
            $this->pdo = null;

            return $this->execute($sql, $values);
        }
    }

    public function lastInsertId(): string
    {
        return (string) $this->pdo()->lastInsertId();
    }

    /** @return mixed what $work returns */
    public function transaction(callable $work)
    {
        $pdo = $this->began();
        try {
            $result = $work();
            $pdo->commit();

            return $result;
        } catch (\Throwable $e) {
            if ($pdo->inTransaction()) {
                $pdo->rollBack();
            }
            throw $e;
        }
    }

    // A connection that the server has closed meanwhile shows it here, and is opened again.
    private function began(): \PDO
    {
        try {
            $this->pdo()->beginTransaction();
        } catch (\PDOException $e) {
            if (!$this->isLost($e)) {
                throw $e;
            }
            $this->pdo = null;
            $this->pdo()->beginTransaction();
        }

        return $this->pdo;
    }

    public static function isMissingTable(\Throwable $e): bool
    {
        return $e instanceof \PDOException && (string) $e->getCode() === '42S02';
    }

    private function execute(string $sql, array $values): \PDOStatement
    {
        $statement = $this->pdo()->prepare($sql);
        $statement->execute($values);

        return $statement;
    }

    private function pdo(): \PDO
    {
        if ($this->pdo === null) {
            // One failed attempt a request is enough: waiting again at every hook would slow the page.
            if ($this->isAway) {
                throw new \RuntimeException('the billing database did not answer earlier in this request');
            }
            $this->isAway = true;
            $this->pdo = $this->open(($this->config)());
            $this->isAway = false;
        }

        return $this->pdo;
    }

    private function open(array $config): \PDO
    {
        $own = [
            \PDO::ATTR_ERRMODE => \PDO::ERRMODE_EXCEPTION,
            \PDO::ATTR_DEFAULT_FETCH_MODE => \PDO::FETCH_ASSOC,
            \PDO::ATTR_EMULATE_PREPARES => true,
            \PDO::ATTR_PERSISTENT => false,
            \PDO::ATTR_TIMEOUT => self::CONNECT_TIMEOUT_SECONDS,
            \PDO::MYSQL_ATTR_FOUND_ROWS => true,
            \PDO::MYSQL_ATTR_INIT_COMMAND => self::SESSION,
        ];

        return new \PDO(
            $this->dsn($config),
            (string) ($config['username'] ?? ''),
            (string) ($config['password'] ?? ''),
            $own + (array) ($config['options'] ?? [])
        );
    }

    private function dsn(array $config): string
    {
        $server = empty($config['unix_socket'])
            ? 'host=' . $config['host'] . (empty($config['port']) ? '' : ';port=' . $config['port'])
            : 'unix_socket=' . $config['unix_socket'];

        return 'mysql:' . $server . ';dbname=' . $config['database'] . ';charset=utf8mb4';
    }

    private function isLost(\PDOException $e): bool
    {
        return in_array((int) ($e->errorInfo[1] ?? 0), self::LOST_CONNECTION, true);
    }
}
