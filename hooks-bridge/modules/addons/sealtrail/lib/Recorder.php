<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/** Makes what was seen durable, at once: in the outbox table, else in the spool file. Never throws. */
final class Recorder
{
    private $items;
    private $outbox;
    private $spool;
    private $hasRecorded = false;
    private $isTableBroken = false;

    public function __construct(ItemBuilder $items, Outbox $outbox, Spool $spool)
    {
        $this->items = $items;
        $this->outbox = $outbox;
        $this->spool = $spool;
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

    public function hasRecorded(): bool
    {
        return $this->hasRecorded;
    }

    private function record(string $subject, callable $build)
    {
        try {
            try {
                $item = $build();
            } catch (\Throwable $e) {
                $item = $this->items->unreadable($subject, $e);
            }
            $this->keep($item);
            $this->hasRecorded = true;
        } catch (\Throwable $e) {
            error_log('sealtrail: ' . $subject . ' could not be recorded in table or spool: ' . get_class($e));
        }
    }

    // A table that failed once in this request is left alone until the next: each try could cost its time-out again.
    private function keep(Item $item)
    {
        if (!$this->isTableBroken) {
            try {
                $this->outbox->append($item);

                return;
            } catch (\Throwable $e) {
                $this->isTableBroken = true;
            }
        }
        $this->spool->append($item);
    }
}
