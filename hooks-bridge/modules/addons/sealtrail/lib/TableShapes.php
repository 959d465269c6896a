<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/**
 * Which of the watched tables and columns this installation has. Asked of the database once a day, by the cron, and whenever
 * a column that was there is missing; between those kept in our own table.
 */
final class TableShapes
{
    const STATE_NAME = 'table_shapes';
    const VERSION = 1;

    private $connection;
    private $state;
    private $shapes;

    public function __construct(Connection $connection, State $state)
    {
        $this->connection = $connection;
        $this->state = $state;
    }

    /** @return string[] the columns of this definition that exist, in its order; none where the table is missing */
    public function columns(string $table, array $definition): array
    {
        $found = $this->all()[$table] ?? [];
        if ($definition['columns'] !== null) {
            return array_values(array_intersect($definition['columns'], $found));
        }

        return array_values(array_diff($found, $definition['skip'] ?? []));
    }

    /** @param string|null $kept what our own table holds, where the caller has read it already */
    public function use(?string $kept)
    {
        $shapes = $kept === null ? null : json_decode($kept, true);
        if (is_array($shapes) && ($shapes['version'] ?? null) === self::VERSION) {
            $this->shapes = $shapes['tables'];
        }
    }

    public function refresh()
    {
        $tables = array_keys(WatchedTables::SMALL + WatchedTables::LARGE + WatchedTables::NAMED);
        $rows = $this->connection->run(
            'SELECT table_name AS t, column_name AS c FROM information_schema.columns WHERE table_schema = DATABASE() '
            . 'AND table_name IN (' . implode(', ', array_fill(0, count($tables), '?')) . ') ORDER BY table_name, ordinal_position',
            $tables
        );
        $shapes = [];
        foreach ($rows as $row) {
            $shapes[$row['t']][] = $row['c'];
        }
        $this->state->put(self::STATE_NAME, (string) json_encode(['version' => self::VERSION, 'tables' => $shapes]));
        $this->shapes = $shapes;
    }

    private function all(): array
    {
        if ($this->shapes === null) {
            $this->use($this->state->find(self::STATE_NAME));
        }
        if ($this->shapes === null) {
            $this->refresh();
        }

        return $this->shapes;
    }
}
