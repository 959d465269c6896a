<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/**
 * Items waiting for the sidecar, oldest first. A row holds the finished text of an item without its sequence number, which
 * is the row's id and is put in front when the text is read: the same row always gives the same bytes.
 */
final class Outbox
{
    // A hole below a younger row is either an insert that is not committed yet or a number that was burnt for ever.
    const SETTLE_MS = 2000;

    private $connection;
    private $schema;

    public function __construct(Connection $connection, Schema $schema)
    {
        $this->connection = $connection;
        $this->schema = $schema;
    }

    public function append(Item $item)
    {
        $this->schema->ensured(function () use ($item) {
            $this->insert($item, null);
        });
    }

    /** An item that cannot even be read is kept for a person to look at. */
    public function appendParked(Item $item, string $reason)
    {
        $this->insert($item, $reason);
    }

    /**
     * The next batch in order. It stops before a row that might overtake an earlier one which is still being written.
     *
     * @return array<int, string> seq => finished text
     */
    public function oldest(int $maxItems, int $maxBytes, int $lastSeq): array
    {
        $rows = $this->connection->run(
            'SELECT id, parked_at IS NOT NULL AS is_parked, OCTET_LENGTH(body) AS bytes, @@auto_increment_increment AS step, '
            . 'recorded_at > UTC_TIMESTAMP(3) - INTERVAL ' . self::SETTLE_MS * 1000 . ' MICROSECOND AS is_young '
            . 'FROM mod_sealtrail_outbox WHERE parked_at IS NULL OR id > ? ORDER BY id LIMIT ' . $maxItems * 2,
            [$lastSeq]
        );
        $ids = [];
        $bytes = 0;
        foreach ($rows as $row) {
            $id = (int) $row['id'];
            if ($row['is_young'] && $id > $lastSeq + (int) $row['step']) {
                break;
            }
            $lastSeq = max($lastSeq, $id);
            if ($row['is_parked']) {
                continue;
            }
            $bytes += (int) $row['bytes'] + 32;
            if (count($ids) >= $maxItems || ($ids !== [] && $bytes > $maxBytes)) {
                break;
            }
            $ids[] = $id;
        }

        return $ids === [] ? [] : $this->texts($ids);
    }

    /** @param int[] $ids */
    public function delete(array $ids)
    {
        // One by one: on a small table "id IN (...)" scans, and would wait for a row that a page is just writing.
        $this->connection->transaction(function () use ($ids) {
            foreach ($ids as $id) {
                $this->connection->run('DELETE FROM mod_sealtrail_outbox WHERE id = ?', [$id]);
            }
        });
    }

    public function park(int $id, string $reason)
    {
        $this->connection->run(
            'UPDATE mod_sealtrail_outbox SET parked_at = UTC_TIMESTAMP(3), reason = ? WHERE id = ?',
            [mb_substr($reason, 0, 255, 'UTF-8'), $id]
        );
    }

    public function unparkAll(): int
    {
        return $this->connection
            ->run('UPDATE mod_sealtrail_outbox SET parked_at = NULL, reason = NULL WHERE parked_at IS NOT NULL')
            ->rowCount();
    }

    /** @return array{waiting: int, parked: int, oldest_age_seconds: ?int} */
    public function depth(): array
    {
        $counts = $this->connection->run(
            'SELECT COUNT(*) - COUNT(parked_at) AS waiting, COUNT(parked_at) AS parked FROM mod_sealtrail_outbox'
        )->fetch();

        return [
            'waiting' => (int) $counts['waiting'],
            'parked' => (int) $counts['parked'],
            'oldest_age_seconds' => $this->oldestAgeSeconds(),
        ];
    }

    /** Of the item that waits longest; cheap however much waits. */
    public function oldestAgeSeconds(): ?int
    {
        $age = $this->connection->run(
            'SELECT TIMESTAMPDIFF(SECOND, recorded_at, UTC_TIMESTAMP(3)) FROM mod_sealtrail_outbox '
            . 'WHERE parked_at IS NULL ORDER BY id LIMIT 1'
        )->fetchColumn();

        return $age === false ? null : max(0, (int) $age);
    }

    /** @return array<int, array{id: string, event_id: string, subject: string, parked_at: string, reason: string}> */
    public function parked(int $limit): array
    {
        return $this->connection->run(
            'SELECT id, event_id, subject, parked_at, reason FROM mod_sealtrail_outbox '
            . 'WHERE parked_at IS NOT NULL ORDER BY id DESC LIMIT ' . $limit
        )->fetchAll();
    }

    /** @param int[] $ids */
    private function texts(array $ids): array
    {
        $rows = $this->connection->run(
            'SELECT id, body FROM mod_sealtrail_outbox WHERE id IN (' . self::marks($ids) . ') ORDER BY id',
            $ids
        );
        $texts = [];
        foreach ($rows as $row) {
            $texts[(int) $row['id']] = '{"seq":' . $row['id'] . ',' . substr($row['body'], 1);
        }

        return $texts;
    }

    private function insert(Item $item, ?string $reason)
    {
        $this->connection->run(
            'INSERT INTO mod_sealtrail_outbox (event_id, subject, body, recorded_at, parked_at, reason) '
            . 'VALUES (?, ?, ?, UTC_TIMESTAMP(3), IF(? IS NULL, NULL, UTC_TIMESTAMP(3)), ?)',
            [$item->id(), $item->subject(), $item->text(), $reason, $reason]
        );
    }

    private static function marks(array $ids): string
    {
        return implode(', ', array_fill(0, count($ids), '?'));
    }
}
