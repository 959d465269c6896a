<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/**
 * How the large watched tables looked when we last saw them: one text a row, made and compared by the database itself, range
 * by range. A row that a captured event names is taken over as it is after the request; what differs otherwise is unexplained.
 */
final class KnownRows
{
    const SEPARATOR = "\x1f";
    const NULL_MARK = "\x1e";
    const RANGE = 5000;
    const IDS_AT_ONCE = 500;
    const MOST_DIFFERENCES = 2000;
    const STATE_PREFIX = 'known_rows.';

    private $connection;
    private $state;
    private $shapes;

    public function __construct(Connection $connection, State $state, TableShapes $shapes)
    {
        $this->connection = $connection;
        $this->state = $state;
        $this->shapes = $shapes;
    }

    /** Whether this table is known as it is shaped now. An upgrade that adds a column starts it anew. */
    public function isKnown(string $table): bool
    {
        $columns = $this->columns($table);

        return $columns !== [] && $this->state->find(self::STATE_PREFIX . $table) === implode(',', $columns);
    }

    /** Takes the whole table over as it is now. */
    public function learn(string $table)
    {
        $columns = $this->columns($table);
        if ($columns === []) {
            return;
        }
        foreach ($this->ranges($table) as list($from, $to)) {
            $this->connection->transaction(function () use ($table, $columns, $from, $to) {
                $this->takeOver($table, $columns, 'l.id > ? AND l.id <= ?', 'k.id > ? AND k.id <= ?', [$from, $to]);
            });
        }
        $this->state->put(self::STATE_PREFIX . $table, implode(',', $columns));
    }

    /** @param int[] $ids of rows that a captured event explains */
    public function accept(string $table, array $ids)
    {
        foreach (array_chunk($ids, self::IDS_AT_ONCE) as $some) {
            $marks = '(' . implode(', ', array_fill(0, count($some), '?')) . ')';
            $this->takeOver($table, $this->columns($table), 'l.id IN ' . $marks, 'k.id IN ' . $marks, $some);
        }
    }

    /** Rows that belong to something that was captured: all of an invoice's transactions, the client of an invoice. */
    public function acceptWhere(string $table, string $liveWhere, string $knownWhere, array $ids)
    {
        foreach (array_chunk($ids, self::IDS_AT_ONCE) as $some) {
            $marks = '(' . implode(', ', array_fill(0, count($some), '?')) . ')';
            $this->takeOver($table, $this->columns($table), str_replace('(?)', $marks, $liveWhere), str_replace('(?)', $marks, $knownWhere), $some);
        }
    }

    /** @return array<int, array{0: ?array, 1: ?array}> id => known and present columns, of rows that differ */
    public function differences(string $table): array
    {
        $found = [];
        foreach ($this->ranges($table) as list($from, $to)) {
            $found += $this->differencesWhere($table, 'l.id > ? AND l.id <= ?', 'k.id > ? AND k.id <= ?', [$from, $to]);
            if (count($found) >= self::MOST_DIFFERENCES) {
                // What is beyond stays unknown, and so is found by the next run.
                return array_slice($found, 0, self::MOST_DIFFERENCES, true);
            }
        }

        return $found;
    }

    /** @param int[] $ids */
    public function differencesOf(string $table, array $ids): array
    {
        $found = [];
        foreach (array_chunk($ids, self::IDS_AT_ONCE) as $some) {
            $marks = '(' . implode(', ', array_fill(0, count($some), '?')) . ')';
            $found += $this->differencesWhere($table, 'l.id IN ' . $marks, 'k.id IN ' . $marks, $some);
        }

        return $found;
    }

    /** @return int[] those of the ids that are known */
    public function knownAmong(string $table, array $ids): array
    {
        return array_map('intval', $this->connection->run(
            'SELECT id FROM mod_sealtrail_known_rows WHERE tbl = ? AND id IN (' . implode(', ', array_fill(0, count($ids), '?')) . ')',
            array_merge([$table], $ids)
        )->fetchAll(\PDO::FETCH_COLUMN));
    }

    private function differencesWhere(string $table, string $liveWhere, string $knownWhere, array $values): array
    {
        $columns = $this->columns($table);
        $body = self::body($columns);
        $found = [];
        $rows = $this->connection->run(
            "SELECT l.id, k.body AS was, $body AS is_now FROM $table l "
            . "LEFT JOIN mod_sealtrail_known_rows k ON k.tbl = '$table' AND k.id = l.id "
            . "WHERE $liveWhere AND NOT (k.body <=> $body)",
            $values
        );
        foreach ($rows as $row) {
            $found[(int) $row['id']] = [self::split($columns, $row['was']), self::split($columns, $row['is_now'])];
        }
        $gone = $this->connection->run(
            "SELECT k.id, k.body FROM mod_sealtrail_known_rows k LEFT JOIN $table l ON l.id = k.id "
            . "WHERE k.tbl = '$table' AND $knownWhere AND l.id IS NULL",
            $values
        );
        foreach ($gone as $row) {
            $found[(int) $row['id']] = [self::split($columns, $row['body']), null];
        }

        return $found;
    }

    private function takeOver(string $table, array $columns, string $liveWhere, string $knownWhere, array $values)
    {
        $body = self::body($columns);
        $owner = array_values(array_intersect(['userid', 'clientid'], $columns))[0] ?? 'id';
        $this->connection->run(
            "INSERT INTO mod_sealtrail_known_rows (tbl, id, owner, body) SELECT '$table', l.id, l.`$owner`, $body FROM $table l "
            . "WHERE $liveWhere ON DUPLICATE KEY UPDATE owner = VALUES(owner), body = VALUES(body)",
            $values
        );
        $this->connection->run(
            "DELETE k FROM mod_sealtrail_known_rows k LEFT JOIN $table l ON l.id = k.id "
            . "WHERE k.tbl = '$table' AND $knownWhere AND l.id IS NULL",
            $values
        );
    }

    /** @return iterable<array{0: int, 1: int}> ranges of id, open below and closed above, over what is there and what was */
    private function ranges(string $table)
    {
        $ends = $this->connection->run(
            "SELECT LEAST(IFNULL(l.a, k.a), IFNULL(k.a, l.a)) AS a, GREATEST(IFNULL(l.z, k.z), IFNULL(k.z, l.z)) AS z "
            . "FROM (SELECT MIN(id) AS a, MAX(id) AS z FROM $table) l, "
            . "(SELECT MIN(id) AS a, MAX(id) AS z FROM mod_sealtrail_known_rows WHERE tbl = '$table') k"
        )->fetch();
        if ($ends['z'] === null) {
            return;
        }
        for ($from = (int) $ends['a'] - 1; $from < (int) $ends['z'];) {
            // By rows and not by numbers: ids with large holes would mean a range for every few rows.
            $to = $this->connection->run(
                "SELECT MAX(id) FROM (SELECT id FROM $table WHERE id > ? ORDER BY id LIMIT " . self::RANGE . ') r',
                [$from]
            )->fetchColumn();
            $to = $to === null || $to === false ? (int) $ends['z'] : (int) $to;
            yield [$from, $to];
            $from = $to;
        }
    }

    /** @return string[] */
    private function columns(string $table): array
    {
        $columns = $this->shapes->columns($table, WatchedTables::LARGE[$table]);

        return in_array('id', $columns, true) ? $columns : [];
    }

    // The cast makes bytes of it all: columns of mixed collations could not be joined otherwise.
    private static function body(array $columns): string
    {
        $values = array_map(static function (string $column): string {
            return "IFNULL(l.`$column`, '" . self::NULL_MARK . "')";
        }, array_slice($columns, 1));
        array_unshift($values, 'CAST(l.`' . $columns[0] . '` AS BINARY)');

        return "CONCAT_WS('" . self::SEPARATOR . "', " . implode(', ', $values) . ')';
    }

    private static function split(array $columns, ?string $body): ?array
    {
        if ($body === null) {
            return null;
        }
        $values = explode(self::SEPARATOR, $body, count($columns));

        return array_map(static function (string $value): ?string {
            return $value === self::NULL_MARK ? null : $value;
        }, array_combine($columns, array_pad($values, count($columns), '')));
    }
}
