<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/** What this module has put into the billing system, and what of it would be lost with it. */
final class Leftovers
{
    const TABLES = [
        'mod_sealtrail_outbox',
        'mod_sealtrail_state',
        'mod_sealtrail_known_things',
        'mod_sealtrail_known_rows',
        'mod_sealtrail_checkpoints',
    ];

    private $bridge;

    public function __construct(Bridge $bridge)
    {
        $this->bridge = $bridge;
    }

    /** Events that the sidecar has not taken: those that wait, those that it refused, and files that were not moved yet. */
    public function undelivered(): int
    {
        $depth = $this->depth();

        return $depth['waiting'] + $depth['parked'] + $this->bridge->spool()->unmovedFiles();
    }

    /** @return array{waiting: int, parked: int} */
    public function depth(): array
    {
        try {
            return array_intersect_key($this->bridge->outbox()->depth(), ['waiting' => 0, 'parked' => 0]);
        } catch (\PDOException $e) {
            if (Connection::isMissingTable($e)) {
                return ['waiting' => 0, 'parked' => 0];
            }
            throw $e;
        }
    }

    /** @return array<string, int> the tables that are there, and their rows */
    public function tables(): array
    {
        $counts = [];
        foreach (self::TABLES as $table) {
            try {
                $counts[$table] = (int) $this->bridge->connection()->run('SELECT COUNT(*) FROM ' . $table)->fetchColumn();
            } catch (\PDOException $e) {
                if (!Connection::isMissingTable($e)) {
                    throw $e;
                }
            }
        }

        return $counts;
    }

    /** @return string[] one sentence each: what is left here and why, undelivered events first */
    public function sentences(Words $words): array
    {
        $depth = $this->depth();
        $files = $this->bridge->spool()->unmovedFiles();
        $sentences = [];
        if ($depth['waiting'] > 0) {
            $sentences[] = $words->fill('left_waiting', ['count' => $depth['waiting']]);
        }
        if ($depth['parked'] > 0) {
            $sentences[] = $words->fill('left_parked', ['count' => $depth['parked']]);
        }
        if ($files > 0) {
            $sentences[] = $words->fill('left_spool', ['count' => $files, 'folder' => (string) $this->bridge->spool()->folder()]);
        }
        if ($sentences === []) {
            $sentences[] = $words->text('left_nothing_waits');
        }
        $sentences[] = $words->fill('left_tables', ['tables' => implode(', ', array_keys($this->tables()))]);
        $secret = $this->bridge->settings()->secretFile();
        if ($secret !== null) {
            $sentences[] = $words->fill('left_secret', ['file' => $secret]);
        } elseif ($this->bridge->settings()->secretSource() === 'env') {
            $sentences[] = $words->fill('left_secret_env', ['name' => Settings::SECRET_ENV]);
        }
        $sentences[] = $words->text('left_how');

        return $sentences;
    }
}
