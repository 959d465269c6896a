<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/**
 * Reads watched rows as they may be kept and shown: secrets and long texts only as fingerprints under a key of this
 * installation, so that a change is seen without its value.
 */
final class TableReader
{
    const FINGERPRINT = "\x01fingerprint:";
    const DIGEST = "\x01text:";
    const MAX_KEY_BYTES = 180;

    private $connection;
    private $shapes;
    private $key;

    public function __construct(Connection $connection, TableShapes $shapes, string $salt)
    {
        $this->connection = $connection;
        $this->shapes = $shapes;
        $this->key = hash_hmac('sha256', 'watched-tables', $salt, true);
    }

    /**
     * @param array|null $ids only the rows whose column $by holds one of these
     *
     * @return array<string, array>|null key => columns; null where the table cannot be read
     */
    public function rows(string $table, array $definition, string $by = '', ?array $ids = null): ?array
    {
        $columns = $this->shapes->columns($table, $definition);
        if (!in_array($definition['key'], $columns, true) || ($ids !== null && !in_array($by, $columns, true))) {
            return null;
        }
        $rows = [];
        $found = $this->connection->run(
            'SELECT `' . implode('`, `', $columns) . '` FROM ' . $table
            . ($ids === null ? '' : ' WHERE `' . $by . '` IN (' . implode(', ', array_fill(0, count($ids), '?')) . ')'),
            $ids === null ? [] : array_values($ids)
        )->fetchAll();
        $isQuiet = array_flip($definition['quiet']);
        foreach ($found as $row) {
            $key = self::name((string) $row[$definition['key']]);
            if (isset($isQuiet[$key])) {
                continue;
            }
            $rows[$key] = $definition['fold'] === null
                ? $this->withoutSecrets($row, $definition)
                : $this->folded($rows[$key] ?? null, $row, $definition);
        }

        return $rows;
    }

    /** One number for each table that changes when a row does; the database makes them, in one query. */
    public function sums(array $tables): array
    {
        $parts = [];
        foreach ($tables as $table => $definition) {
            $columns = $this->shapes->columns($table, $definition);
            if (!in_array($definition['key'], $columns, true)) {
                continue;
            }
            $quiet = $definition['quiet'] === [] ? '' : " WHERE `{$definition['key']}` NOT IN ('" . implode("', '", $definition['quiet']) . "')";
            // The cast makes bytes of it all: columns of mixed collations could not be joined otherwise.
            $text = "CRC32(CONCAT_WS('\x1f', CAST(`" . array_shift($columns) . '` AS BINARY), `' . implode('`, `', $columns) . '`))';
            $parts[] = "SELECT '$table' AS t, CONCAT_WS('.', COUNT(*), SUM($text), BIT_XOR($text)) AS s FROM $table$quiet";
        }

        return $parts === [] ? [] : $this->connection->run(implode(' UNION ALL ', $parts))->fetchAll(\PDO::FETCH_KEY_PAIR);
    }

    /**
     * @return array[]|null before and after of one thing, for the reader: what changed, the names, no secret; null if equal
     */
    public static function difference(?array $old, ?array $new, array $definition): ?array
    {
        if ($old !== null && $new !== null && $definition['fold'] === null) {
            // A column that came or went with an upgrade changes no row.
            list($old, $new) = [array_intersect_key($old, $new), array_intersect_key($new, $old)];
        }
        if ($old !== null && $new !== null && self::isSame($old, $new)) {
            return null;
        }

        return [
            $old === null ? null : self::shown(self::changed($old, $new, $definition['names']), Redactor::REDACTED),
            $new === null ? null : self::shown(self::changed($new, $old, $definition['names']), Redactor::CHANGED),
        ];
    }

    // Whether a number is read as a number or as text depends on the version of PHP.
    private static function isSame($one, $other): bool
    {
        if (is_array($one) && is_array($other)) {
            if (array_keys($one) !== array_keys($other)) {
                return false;
            }
            foreach ($one as $key => $value) {
                if (!self::isSame($value, $other[$key])) {
                    return false;
                }
            }

            return true;
        }

        return $one === $other || (is_scalar($one) && is_scalar($other) && (string) $one === (string) $other);
    }

    // As long a key as our own table holds; a longer one ends with a digest of itself.
    private static function name(string $key): string
    {
        return strlen($key) <= self::MAX_KEY_BYTES ? $key : mb_strcut($key, 0, self::MAX_KEY_BYTES - 33, 'UTF-8') . '#' . md5($key);
    }

    private static function changed(array $row, ?array $other, array $names): array
    {
        $isName = array_flip($names);

        return array_filter($row, static function ($value, string $column) use ($other, $isName): bool {
            return isset($isName[$column]) || $other === null || !array_key_exists($column, $other)
                || !self::isSame($other[$column], $value);
        }, ARRAY_FILTER_USE_BOTH);
    }

    // Old and new secret get different words, so that whoever compares the two sees that they differ.
    private static function shown(array $row, string $mark): array
    {
        return array_map(static function ($value) use ($mark) {
            if (!is_string($value) || $value === '' || $value[0] !== "\x01") {
                return $value;
            }
            if (strncmp($value, self::DIGEST, strlen(self::DIGEST)) === 0) {
                return '[text ' . substr($value, strlen(self::DIGEST)) . ']';
            }

            return strncmp($value, self::FINGERPRINT, strlen(self::FINGERPRINT)) === 0 ? $mark : $value;
        }, $row);
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
                $row[$column] = self::FINGERPRINT . $this->fingerprint((string) $row[$column]);
            }
        }
        foreach ($definition['digest'] as $column) {
            if (isset($row[$column]) && strlen((string) $row[$column]) > 200) {
                $row[$column] = $this->digest((string) $row[$column]);
            }
        }
        foreach ($row as $column => $value) {
            if (is_string($value) && !mb_check_encoding($value, 'UTF-8')) {
                $row[$column] = $this->digest($value);
            } elseif (is_string($value) && $value !== '' && $value[0] !== "\x01" && $column !== 'value' && SecretNames::isSecret((string) $column)
                && !in_array($value, WatchedTables::OPEN_VALUES, true)
            ) {
                $row[$column] = self::FINGERPRINT . $this->fingerprint($value);
            }
        }
        if (isset($row['setting'], $row['value'])
            && WatchedTables::isSecretValue($definition, (string) $row['setting'], (string) $row['value'])
        ) {
            $row['value'] = self::FINGERPRINT . $this->fingerprint((string) $row['value']);
        }

        return $row;
    }

    private function digest(string $value): string
    {
        return self::DIGEST . substr($this->fingerprint($value), 0, 12);
    }

    private function fingerprint(string $value): string
    {
        return hash_hmac('sha256', $value, $this->key);
    }
}
