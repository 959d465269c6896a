<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/**
 * What a request did to the small watched tables. At its start the database sums each table up, in one query; only a table
 * whose sum differs at the end is read, and what it held before is known from the last time. Where it is not (it was changed
 * behind our back since), its rows are read at the start, and what was changed is left for the reconciliation to report.
 */
final class TableWatch
{
    private $reader;
    private $known;
    private $tables;
    private $sums = [];
    private $knownSums = [];
    private $start = [];

    public function __construct(TableReader $reader, KnownThings $known, array $tables)
    {
        $this->reader = $reader;
        $this->known = $known;
        $this->tables = WatchedTables::filled($tables);
    }

    /** @param array<string, string> $knownSums table => sum, as last kept */
    public function begin(array $knownSums)
    {
        $this->knownSums = $knownSums;
        $this->sums = $this->reader->sums($this->tables);
        foreach ($this->sums as $table => $sum) {
            if (($knownSums[$table] ?? null) !== $sum) {
                $this->start[$table] = $this->reader->rows($table, $this->tables[$table]);
            }
        }
    }

    /** @param callable $report called with table, key, before, after for each difference */
    public function end(callable $report)
    {
        if ($this->sums === []) {
            return;
        }
        $now = $this->reader->sums($this->tables);
        foreach ($now as $table => $sum) {
            if (($this->sums[$table] ?? $sum) !== $sum) {
                $this->known->takeOver(function () use ($table, $sum, $report): array {
                    return $this->compare($table, $report) ? [$table => $sum] : [];
                });
            } elseif (!isset($this->knownSums[$table]) && isset($this->start[$table])) {
                // Never learnt before: this is how it is.
                $this->known->takeOver(function () use ($table, $sum): array {
                    $this->known->put($table, $this->start[$table]);

                    return [$table => $sum];
                });
            }
        }
        $this->sums = [];
    }

    /** @return bool whether all of the table is known now */
    private function compare(string $table, callable $report): bool
    {
        $isKnown = !array_key_exists($table, $this->start);
        $before = $isKnown ? $this->known->of($table) : $this->start[$table];
        $after = $this->reader->rows($table, $this->tables[$table]);
        if ($before === null || $after === null) {
            return false;
        }
        $changed = self::changes($before, $after, $this->tables[$table]);
        foreach ($changed as $key => $change) {
            $report($table, (string) $key, $change[0], $change[1]);
        }
        $this->known->put($table, array_map(static function ($key) use ($after): ?array {
            return $after[$key] ?? null;
        }, array_combine(array_keys($changed), array_keys($changed)) ?: []));

        return $isKnown;
    }

    /** @return array<string, array[]> key => before and after */
    public static function changes(array $before, array $after, array $definition): array
    {
        $changes = [];
        foreach ($after + $before as $key => $row) {
            $change = TableReader::difference($before[$key] ?? null, $after[$key] ?? null, $definition);
            if ($change !== null) {
                $changes[$key] = $change;
            }
        }

        return $changes;
    }
}
