<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/**
 * Compares the watched tables with how we last saw them. What differs was not explained by any captured event: a direct edit
 * of the database, or a change outside our view. It is reported once, and from then on counts as known.
 */
final class Reconciler
{
    const SETTLE_MS = 2000;

    private $reader;
    private $things;
    private $rows;
    private $shapes;
    private $settleMs;

    public function __construct(
        TableReader $reader,
        KnownThings $things,
        KnownRows $rows,
        TableShapes $shapes,
        int $settleMs = self::SETTLE_MS
    ) {
        $this->reader = $reader;
        $this->things = $things;
        $this->rows = $rows;
        $this->shapes = $shapes;
        $this->settleMs = $settleMs;
    }

    /** @param callable $report called with table, key, before, after for each unexplained difference */
    public function run(callable $report, ?string $keptSums)
    {
        $this->shapes->refresh();
        $this->small($report, $keptSums);
        foreach (array_keys(WatchedTables::LARGE) as $table) {
            $this->guarded($table, function () use ($table, $report) {
                $this->large($table, $report);
            });
        }
    }

    /** @param callable|null $report as above; null where everything counts as explained */
    public function small(?callable $report, ?string $keptSums)
    {
        $knownSums = KnownThings::sums($keptSums);
        $tables = WatchedTables::filled(WatchedTables::SMALL);
        $sums = $this->reader->sums($tables);
        foreach ($sums as $table => $sum) {
            if (($knownSums[$table] ?? null) !== $sum) {
                $this->guarded($table, function () use ($table, $tables, $sum, $knownSums, $report) {
                    $this->thing($table, $tables[$table], $sum, isset($knownSums[$table]) ? $report : null);
                });
            }
        }
    }

    /** @param callable|null $report null where nothing is known yet */
    private function thing(string $table, array $definition, string $sum, ?callable $report)
    {
        $now = $this->reader->rows($table, $definition);
        if ($now === null) {
            return;
        }
        $known = $this->things->of($table);
        $changes = $report === null ? [] : TableWatch::changes($known, $now, $definition);
        if ($changes !== [] && $this->settleMs > 0) {
            // A request that made such a change may just be ending: what it reports itself is known a moment later.
            usleep($this->settleMs * 1000);
            $sum = $this->reader->sums([$table => $definition])[$table] ?? $sum;
            list($now, $known) = [$this->reader->rows($table, $definition) ?? [], $this->things->of($table)];
            $changes = TableWatch::changes($known, $now, $definition);
        }
        foreach ($changes as $key => $change) {
            $report($table, (string) $key, $change[0], $change[1]);
        }
        $this->things->takeOver(function () use ($table, $now, $known, $sum): array {
            $this->things->put($table, $now + array_fill_keys(array_keys(array_diff_key($known, $now)), null));

            return [$table => $sum];
        });
    }

    private function large(string $table, callable $report)
    {
        if (!$this->rows->isKnown($table)) {
            $this->rows->learn($table);

            return;
        }
        $found = $this->rows->differences($table);
        if ($found !== [] && $this->settleMs > 0) {
            // As above.
            usleep($this->settleMs * 1000);
            $found = $this->rows->differencesOf($table, array_keys($found));
        }
        $definition = ['names' => ['id', 'userid', 'clientid']] + WatchedTables::PLAIN;
        foreach ($found as $id => list($before, $after)) {
            $change = TableReader::difference($before, $after, $definition);
            if ($change !== null) {
                $report($table, (string) $id, $change[0], $change[1]);
            }
        }
        // After the report: what could not be reported is found again.
        $this->rows->accept($table, array_keys($found));
    }

    // One table that cannot be read must not keep the others from being looked at.
    private function guarded(string $table, callable $work)
    {
        try {
            $work();
        } catch (\Throwable $e) {
            error_log('sealtrail: ' . $table . ' could not be compared: ' . get_class($e) . ' at ' . basename($e->getFile()) . ':' . $e->getLine());
        }
    }
}
