<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/**
 * Whether recent rows of the activity log have vanished since yesterday. The daily prune takes the oldest rows down to a limit;
 * what it cannot have reached was removed by somebody.
 */
final class ActivityLogWatch
{
    const STATE_NAME = 'activity_log_mark';
    const ROWS = 1000;
    const USUAL_LIMIT = 10000;

    private $connection;
    private $state;

    public function __construct(Connection $connection, State $state)
    {
        $this->connection = $connection;
        $this->state = $state;
    }

    /** @param callable $report called with facts when rows are missing */
    public function check(callable $report)
    {
        $newest = (int) $this->connection->run('SELECT MAX(id) FROM tblactivitylog')->fetchColumn();
        $mark = json_decode((string) $this->state->find(self::STATE_NAME), true);
        if (is_array($mark)) {
            $missing = $mark['count'] - $this->count($mark['from'], $mark['to']);
            $isPruned = max($newest, $mark['to']) - $mark['from'] >= $this->limit();
            if ($missing > 0 && !$isPruned) {
                $report(['log' => 'tblactivitylog', 'missing' => $missing, 'from_id' => $mark['from'], 'to_id' => $mark['to']]);
            }
        }
        $from = max(0, $newest - self::ROWS);
        $this->state->put(self::STATE_NAME, (string) json_encode(['from' => $from, 'to' => $newest, 'count' => $this->count($from, $newest)]));
    }

    private function count(int $from, int $to): int
    {
        return (int) $this->connection->run('SELECT COUNT(*) FROM tblactivitylog WHERE id > ? AND id <= ?', [$from, $to])->fetchColumn();
    }

    private function limit(): int
    {
        $limit = $this->connection->run("SELECT value FROM tblconfiguration WHERE setting = 'ActivityLimit'")->fetchColumn();

        return is_numeric($limit) && (int) $limit > 0 ? (int) $limit : self::USUAL_LIMIT;
    }
}
