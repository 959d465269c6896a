<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail\Admin;

use WHMCS\Module\Addon\Sealtrail\Connection;
use WHMCS\Module\Addon\Sealtrail\Schema;

/**
 * Keeps WHMCS's pages from asking a sidecar that did not answer: after a failure nobody asks for a while, then one page tries.
 * All web nodes share it; the database's UTC clock decides. The row also keeps what the last answer for the banner was.
 */
final class Breaker
{
    const NAME = 'admin_pages';
    const FIRST_PAUSE_SECONDS = 10;
    const LONGEST_PAUSE_SECONDS = 300;

    private $connection;
    private $schema;
    private $row;

    public function __construct(Connection $connection)
    {
        $this->connection = $connection;
        $this->schema = new Schema($connection);
    }

    /** Whether this page may ask; of many at once after a pause, one may. */
    public function mayAsk(): bool
    {
        $row = $this->row();
        if ($row['is_open']) {
            return false;
        }

        return $row['failures'] === 0 || $this->write(['failures' => $row['failures']], self::pauseSeconds($row['failures']), true);
    }

    public function succeeded()
    {
        if ($this->row()['failures'] > 0) {
            $this->write(['failures' => 0], 0, false);
        }
    }

    public function failed()
    {
        $failures = $this->row()['failures'] + 1;
        $this->write(['failures' => $failures], self::pauseSeconds($failures), false);
    }

    /** @return array{facts: array, age_seconds: int}|null */
    public function remembered(): ?array
    {
        $row = $this->row();

        return is_array($row['facts']) && $row['age_seconds'] !== null
            ? ['facts' => $row['facts'], 'age_seconds' => $row['age_seconds']]
            : null;
    }

    public function remember(array $facts)
    {
        $this->write(['facts' => $facts, 'facts_at' => time()], null, false);
    }

    public static function pauseSeconds(int $failures): int
    {
        return (int) min(self::LONGEST_PAUSE_SECONDS, self::FIRST_PAUSE_SECONDS * 2 ** min(10, max(0, $failures - 1)));
    }

    private function row(): array
    {
        if ($this->row === null) {
            $row = $this->schema->ensured(function () {
                return $this->connection->run(
                    'SELECT value, not_before > UTC_TIMESTAMP(3) AS is_open FROM mod_sealtrail_state WHERE name = ?',
                    [self::NAME]
                )->fetch();
            });
            $value = $row ? (array) json_decode($row['value'], true) : [];
            $this->row = [
                'failures' => max(0, (int) ($value['failures'] ?? 0)),
                'facts' => $value['facts'] ?? null,
                'facts_at' => $value['facts_at'] ?? null,
                'age_seconds' => isset($value['facts_at']) ? max(0, time() - (int) $value['facts_at']) : null,
                'is_open' => $row ? (bool) $row['is_open'] : false,
            ];
        }

        return $this->row;
    }

    /** @param int|null $pauseSeconds null leaves the pause as it is */
    private function write(array $changes, ?int $pauseSeconds, bool $onlyIfClosed): bool
    {
        $this->row = $changes + $this->row();
        $value = json_encode(
            ['failures' => $this->row['failures'], 'facts' => $this->row['facts'], 'facts_at' => $this->row['facts_at']],
            JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_INVALID_UTF8_SUBSTITUTE
        );
        $this->connection->run("INSERT IGNORE INTO mod_sealtrail_state (name, value) VALUES (?, '{}')", [self::NAME]);
        $changed = $this->connection->run(
            'UPDATE mod_sealtrail_state SET value = ?, not_before = '
            . ($pauseSeconds === null ? 'not_before' : 'UTC_TIMESTAMP(3) + INTERVAL ' . $pauseSeconds . ' SECOND')
            . ' WHERE name = ?' . ($onlyIfClosed ? ' AND (not_before IS NULL OR not_before <= UTC_TIMESTAMP(3))' : ''),
            [$value, self::NAME]
        )->rowCount();

        return $changed === 1;
    }
}
