<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/** Credit that this request gave or took: new rows of tblcredit, for which there is no hook. */
final class CreditWatch
{
    const MOST_ROWS = 1000;

    private $connection;
    private $reader;
    private $rows;
    private $lastId;

    public function __construct(Connection $connection, TableReader $reader, KnownRows $rows)
    {
        $this->connection = $connection;
        $this->reader = $reader;
        $this->rows = $rows;
    }

    public function begin()
    {
        $this->lastId = $this->newestId();
    }

    /** @param callable $report called with table, key, before, after for each new row */
    public function end(callable $report)
    {
        if ($this->lastId === null || $this->newestId() <= $this->lastId) {
            return;
        }
        $ids = $this->connection->run(
            'SELECT id FROM tblcredit WHERE id > ? ORDER BY id LIMIT ' . self::MOST_ROWS,
            [$this->lastId]
        )->fetchAll(\PDO::FETCH_COLUMN);
        // Another request that ran at the same time may have told of them already.
        $ids = array_diff($ids, $ids === [] ? [] : $this->rows->knownAmong('tblcredit', $ids));
        $definition = ['names' => ['id', 'clientid']] + WatchedTables::LARGE['tblcredit'] + WatchedTables::PLAIN;
        $found = $ids === [] ? [] : (array) $this->reader->rows('tblcredit', $definition, 'id', array_values($ids));
        foreach ($found as $id => $row) {
            $report('tblcredit', (string) $id, null, $row);
        }
    }

    private function newestId(): int
    {
        return (int) $this->connection->run('SELECT MAX(id) FROM tblcredit')->fetchColumn();
    }
}
