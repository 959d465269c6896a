<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/**
 * The one row that says who is delivering, how it went, and not to try before when. The lease and the back-off are judged by
 * the database's UTC clock, the only one that all web nodes share. Only the holder writes.
 */
final class DeliveryState
{
    const FIRST_PAUSE_SECONDS = 5;
    const LONGEST_PAUSE_SECONDS = 900;
    const LONGEST_RETRY_AFTER_SECONDS = 3600;

    const FRESH = [
        'last_seq' => 0, 'batch_limit' => Deliverer::MAX_ITEMS, 'failures' => 0,
        'last_attempt_at' => null, 'last_success_at' => null, 'last_error' => null,
    ];

    private $connection;
    private $holder;
    private $values = self::FRESH;

    public function __construct(Connection $connection)
    {
        $this->connection = $connection;
        $this->holder = bin2hex(random_bytes(16));
    }

    /** @param bool $evenIfPaused a person pressed the button */
    public function acquire(bool $evenIfPaused, int $leaseSeconds): bool
    {
        $this->connection->run("INSERT IGNORE INTO mod_sealtrail_state (name, value) VALUES ('delivery', '{}')");
        $taken = $this->connection->run(
            'UPDATE mod_sealtrail_state SET holder = ?, held_until = ' . self::leaseEnd($leaseSeconds) . " WHERE name = 'delivery' "
            . 'AND (held_until IS NULL OR held_until < UTC_TIMESTAMP(3))'
            . ($evenIfPaused ? '' : ' AND (not_before IS NULL OR not_before <= UTC_TIMESTAMP(3))'),
            [$this->holder]
        )->rowCount() === 1;
        if ($taken) {
            $this->values = $this->read()['values'];
        }

        return $taken;
    }

    public function renew(int $leaseSeconds): bool
    {
        return $this->connection->run(
            'UPDATE mod_sealtrail_state SET held_until = ' . self::leaseEnd($leaseSeconds) . " WHERE name = 'delivery' AND holder = ?",
            [$this->holder]
        )->rowCount() === 1;
    }

    public function release()
    {
        $this->connection->run(
            "UPDATE mod_sealtrail_state SET holder = NULL, held_until = NULL WHERE name = 'delivery' AND holder = ?",
            [$this->holder]
        );
    }

    public function lastSeq(): int
    {
        return (int) $this->values['last_seq'];
    }

    public function batchLimit(): int
    {
        return max(1, min(Deliverer::MAX_ITEMS, (int) $this->values['batch_limit']));
    }

    public function succeeded(int $lastSeq, string $now)
    {
        $this->values = [
            'last_seq' => max($lastSeq, $this->lastSeq()),
            'batch_limit' => min(Deliverer::MAX_ITEMS, $this->batchLimit() * 2),
            'failures' => 0,
            'last_attempt_at' => $now,
            'last_success_at' => $now,
            'last_error' => null,
        ];
        $this->save(0);
    }

    public function passed(int $seq)
    {
        $this->values['last_seq'] = max($seq, $this->lastSeq());
        $this->save(0);
    }

    public function narrowTo(int $batchLimit)
    {
        $this->values['batch_limit'] = $batchLimit;
        $this->save(0);
    }

    public function failed(Answer $answer, string $detail, string $now)
    {
        $this->values['failures'] = (int) $this->values['failures'] + 1;
        $this->values['last_attempt_at'] = $now;
        $this->values['last_error'] = ['at' => $now, 'status' => $answer->status(), 'detail' => $detail];
        $this->save(max(
            self::pauseSeconds($this->values['failures'], random_int(0, 1000) / 1000),
            min(self::LONGEST_RETRY_AFTER_SECONDS, (int) $answer->retryAfterSeconds(time()))
        ));
    }

    /** Doubling up to a quarter of an hour, shortened by up to a half so that many nodes do not come back together. */
    public static function pauseSeconds(int $failures, float $jitter): float
    {
        $full = min(self::LONGEST_PAUSE_SECONDS, self::FIRST_PAUSE_SECONDS * 2 ** min(20, max(0, $failures - 1)));

        return $full * (1 - $jitter / 2);
    }

    /** @return array{values: array, paused_seconds: int, is_held: bool} for the addon page */
    public function read(): array
    {
        $row = $this->connection->run(
            'SELECT value, GREATEST(0, TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP(3), not_before)) AS paused, '
            . "held_until > UTC_TIMESTAMP(3) AS is_held FROM mod_sealtrail_state WHERE name = 'delivery'"
        )->fetch();

        return [
            'values' => ($row ? (array) json_decode($row['value'], true) : []) + self::FRESH,
            'paused_seconds' => $row ? (int) $row['paused'] : 0,
            'is_held' => $row ? (bool) $row['is_held'] : false,
        ];
    }

    private function save(float $pauseSeconds)
    {
        $this->connection->run(
            'UPDATE mod_sealtrail_state SET value = ?, not_before = UTC_TIMESTAMP(3) + INTERVAL ? MICROSECOND '
            . "WHERE name = 'delivery' AND holder = ?",
            [
                json_encode($this->values, JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_INVALID_UTF8_SUBSTITUTE),
                (int) ($pauseSeconds * 1000000),
                $this->holder,
            ]
        );
    }

    private static function leaseEnd(int $seconds): string
    {
        return 'UTC_TIMESTAMP(3) + INTERVAL ' . $seconds . ' SECOND';
    }
}
