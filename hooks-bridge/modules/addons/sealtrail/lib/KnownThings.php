<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/** How the small watched tables looked when we last saw them. Secrets are in here as fingerprints only. */
final class KnownThings
{
    const SUMS = 'known_sums';
    const ROWS_AT_ONCE = 200;

    private $connection;
    private $state;

    public function __construct(Connection $connection, State $state)
    {
        $this->connection = $connection;
        $this->state = $state;
    }

    /** @return array<string, array> key => columns */
    public function of(string $table): array
    {
        $things = [];
        foreach ($this->connection->run('SELECT name, body FROM mod_sealtrail_known_things WHERE tbl = ?', [$table]) as $row) {
            $things[$row['name']] = (array) json_decode($row['body'], true);
        }

        return $things;
    }

    public function find(string $table, string $name): ?array
    {
        $body = $this->connection->run('SELECT body FROM mod_sealtrail_known_things WHERE tbl = ? AND name = ?', [$table, $name])->fetchColumn();

        return $body === false ? null : (array) json_decode($body, true);
    }

    /** @param array<string, ?array> $things key => columns, null for what is gone */
    public function put(string $table, array $things)
    {
        $gone = array_keys(array_filter($things, 'is_null'));
        foreach (array_chunk($gone, self::ROWS_AT_ONCE) as $names) {
            $this->connection->run(
                'DELETE FROM mod_sealtrail_known_things WHERE tbl = ? AND name IN (' . implode(', ', array_fill(0, count($names), '?')) . ')',
                array_merge([$table], array_map('strval', $names))
            );
        }
        foreach (array_chunk(array_filter($things, 'is_array'), self::ROWS_AT_ONCE, true) as $rows) {
            $values = [];
            foreach ($rows as $name => $columns) {
                array_push($values, $table, (string) $name, (string) json_encode($columns, ItemBuilder::JSON));
            }
            $this->connection->run(
                'INSERT INTO mod_sealtrail_known_things (tbl, name, body) VALUES '
                . implode(', ', array_fill(0, count($rows), '(?, ?, ?)')) . ' ON DUPLICATE KEY UPDATE body = VALUES(body)',
                $values
            );
        }
    }

    /** @return array<string, string> table => the sum it had when all of its things were known */
    public static function sums(?string $kept): array
    {
        return $kept === null ? [] : (array) json_decode($kept, true);
    }

    /**
     * One request at a time compares and takes over: two that end together would both tell the same change.
     *
     * @param callable $work gives the sums of the tables that are known as they are now
     */
    public function takeOver(callable $work)
    {
        $this->connection->transaction(function () use ($work) {
            $kept = $this->connection->run('SELECT value FROM mod_sealtrail_state WHERE name = ? FOR UPDATE', [self::SUMS])->fetchColumn();
            $sums = $work();
            if ($sums !== []) {
                $this->state->put(self::SUMS, (string) json_encode($sums + self::sums($kept === false ? null : (string) $kept)));
            }
        });
    }
}
