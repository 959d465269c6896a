<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/** Writes down what was seen, at once: in the spool file, else in the outbox table. Never throws. */
final class Recorder
{
    const DUE_BYTES = 524288;
    const DUE_SECONDS = 2;

    private $items;
    private $outbox;
    private $spool;
    private $state;
    private $hasRecorded = false;
    private $dueSeconds;
    private $isSpoolBroken = false;
    private $waitsSince;

    public function __construct(ItemBuilder $items, Outbox $outbox, Spool $spool, State $state, float $dueSeconds = self::DUE_SECONDS)
    {
        $this->dueSeconds = $dueSeconds;
        $this->items = $items;
        $this->outbox = $outbox;
        $this->spool = $spool;
        $this->state = $state;
    }

    public function hook(string $hook, array $row, array $args, ?array $before)
    {
        $this->record($hook, function () use ($hook, $row, $args, $before): Item {
            return $this->items->hook($hook, $row, $args, $before);
        });
    }

    public function activity(array $row, array $args)
    {
        $this->record('LogActivity', function () use ($row, $args): Item {
            return $this->items->activity($row, $args);
        });
    }

    public function tableChange(string $table, string $key, ?array $before, ?array $after)
    {
        $this->record($table, function () use ($table, $key, $before, $after): Item {
            return $this->items->tableChange($table, $key, $before, $after);
        });
    }

    /** A difference that nothing we captured explains. */
    public function unexplainedChange(string $table, string $key, ?array $before, ?array $after)
    {
        $this->record($table, function () use ($table, $key, $before, $after): Item {
            return $this->items->tableChange($table, $key, $before, $after, true);
        });
    }

    /** @param array $mark as ItemBuilder::finding() has it */
    public function finding(array $mark, string $text, array $params = [])
    {
        $this->record((string) current($mark), function () use ($mark, $text, $params): Item {
            return $this->items->finding($mark, $text, $params);
        }, isset($mark['own']));
    }

    public function hasRecorded(): bool
    {
        return $this->hasRecorded;
    }

    /** A long request (the daily cron) must not keep back what it has seen, nor collect it without end. */
    public function isDue(): bool
    {
        return $this->waitsSince !== null
            && ($this->spool->size() > self::DUE_BYTES || microtime(true) - $this->waitsSince >= $this->dueSeconds);
    }

    public function moved()
    {
        $this->waitsSince = null;
    }

    private function isPaused(): bool
    {
        try {
            return $this->state->isPaused();
        } catch (\Throwable $e) {
            return false;
        }
    }

    private function record(string $subject, callable $build, bool $evenIfPaused = false)
    {
        if (!$evenIfPaused && $this->isPaused()) {
            return;
        }
        try {
            try {
                $item = $build();
            } catch (\Throwable $e) {
                $item = $this->items->unreadable($subject, $e);
            }
            $this->keep($item);
            $this->hasRecorded = true;
        } catch (\Throwable $e) {
            error_log('sealtrail: ' . $subject . ' could not be recorded in spool or table: ' . get_class($e));
        }
    }

    // Only where no file can be written is the table written at once, with a commit for each item.
    private function keep(Item $item)
    {
        if (!$this->isSpoolBroken) {
            try {
                $this->spool->append($item);
                $this->waitsSince = $this->waitsSince ?? microtime(true);

                return;
            } catch (\Throwable $e) {
                $this->isSpoolBroken = true;
            }
        }
        try {
            $this->outbox->append($item);
        } catch (\Throwable $e) {
            // Neither: one more try of the file, which may only have been full for a moment.
            $this->spool->append($item);
        }
    }
}
