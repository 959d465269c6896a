<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/**
 * Reads the watched tables at the start of a request and again at its end; what differs was done by this request. Secret
 * values are held and compared as fingerprints under a key that lives as long as the request.
 */
final class TableWatch
{
    const FINGERPRINT = "\x01fingerprint:";

    private $connection;
    private $tables;
    private $key;
    private $start = [];

    public function __construct(Connection $connection, array $tables = WatchedTables::ALL)
    {
        $this->connection = $connection;
        $this->tables = $tables;
        $this->key = random_bytes(32);
    }

    public function begin()
    {
        foreach ($this->tables as $table => $definition) {
            $this->start[$table] = $this->read($table, $definition);
        }
    }

    /** @param callable $report called with table, key, before, after for each difference */
    public function end(callable $report)
    {
        foreach ($this->start as $table => $before) {
            $after = $before === null ? null : $this->read($table, $this->tables[$table]);
            if ($after !== null && $after !== $before) {
                $this->compare($table, $before, $after, $report);
            }
        }
        $this->start = [];
    }

    private function compare(string $table, array $before, array $after, callable $report)
    {
        foreach ($after + $before as $key => $row) {
            $old = $before[$key] ?? null;
            $new = $after[$key] ?? null;
            if ($old === $new) {
                continue;
            }
            $names = array_flip($this->tables[$table]['names']);
            $report(
                $table,
                (string) $key,
                $old === null ? null : self::shown(self::changed($old, $new, $names), Redactor::REDACTED),
                $new === null ? null : self::shown(self::changed($new, $old, $names), Redactor::CHANGED)
            );
        }
    }

    private static function changed(array $row, ?array $other, array $names): array
    {
        return array_filter($row, static function ($value, string $column) use ($other, $names): bool {
            return isset($names[$column]) || $other === null || !array_key_exists($column, $other) || $other[$column] !== $value;
        }, ARRAY_FILTER_USE_BOTH);
    }

    // Old and new secret get different words, so that whoever compares the two sees that they differ.
    private static function shown(array $row, string $mark): array
    {
        return array_map(static function ($value) use ($mark) {
            return is_string($value) && strncmp($value, self::FINGERPRINT, strlen(self::FINGERPRINT)) === 0 ? $mark : $value;
        }, $row);
    }

    /** @return array<string, array>|null key => columns; null where the table cannot be read */
    private function read(string $table, array $definition): ?array
    {
        try {
            $found = $this->select($table, $definition)->fetchAll(\PDO::FETCH_ASSOC);
        } catch (\Throwable $e) {
            return null;
        }
        $rows = [];
        $columns = $definition['columns'] === null ? null : array_flip($definition['columns']);
        foreach ($found as $row) {
            $key = $row[$definition['key']];
            if ($definition['fold'] !== null) {
                $rows[$key] = $this->folded($rows[$key] ?? null, $row, $definition);
                continue;
            }
            $rows[$key] = $this->withoutSecrets($columns === null ? $row : array_intersect_key($row, $columns), $definition);
        }

        return $rows;
    }

    // Only where a listed column is missing is everything read, and what is not listed left out afterwards.
    private function select(string $table, array $definition): \PDOStatement
    {
        if ($definition['columns'] !== null) {
            try {
                return $this->connection->run('SELECT `' . implode('`, `', $definition['columns']) . '` FROM ' . $table);
            } catch (\PDOException $e) {
                if (Connection::isMissingTable($e)) {
                    throw $e;
                }
            }
        }

        return $this->connection->run('SELECT * FROM ' . $table);
    }

    private function folded(?array $thing, array $row, array $definition): array
    {
        $thing = $thing ?? array_intersect_key($row, array_flip($definition['names']));
        if ($definition['fold'] === 'settings') {
            return $thing + [$row['setting'] => $this->withoutSecrets($row, $definition)['value']];
        }
        $thing['permids'][] = $row['permid'];
        sort($thing['permids']);

        return $thing;
    }

    private function withoutSecrets(array $row, array $definition): array
    {
        foreach ($definition['secret'] as $column) {
            if (isset($row[$column]) && $row[$column] !== '') {
                $row[$column] = $this->fingerprint((string) $row[$column]);
            }
        }
        if (isset($row['setting'], $row['value'])
            && WatchedTables::isSecretValue($definition, (string) $row['setting'], (string) $row['value'])
        ) {
            $row['value'] = $this->fingerprint((string) $row['value']);
        }

        return $row;
    }

    private function fingerprint(string $value): string
    {
        return self::FINGERPRINT . hash_hmac('sha256', $value, $this->key);
    }
}
