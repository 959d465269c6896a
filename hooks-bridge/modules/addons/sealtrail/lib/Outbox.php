<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/**
 * Items waiting for the sidecar, oldest first. A row holds the finished text of an item without its sequence number, which
 * is the row's id and is put in front when the text is read: the same row always gives the same bytes.
 *
 * Numbers are taken from a counter in the transaction that writes the rows, under the counter's lock: what is rolled back
 * leaves no hole, and whoever sees a row sees all rows before it.
 */
final class Outbox
{
    const SEQUENCE = 'sequence';

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
            $this->connection->transaction(function () use ($item) {
                $this->insert([$item]);
            });
        });
    }

    /** @param Item[] $items in a transaction of the caller's */
    public function insert(array $items)
    {
        $seq = $this->reserve(count($items));
        $values = [];
        foreach ($items as $item) {
            array_push($values, $seq++, $item->id(), $item->subject(), $item->text(), $item->parkedFor(), $item->parkedFor());
        }
        $this->connection->run(
            'INSERT INTO mod_sealtrail_outbox (id, event_id, subject, body, recorded_at, parked_at, reason) VALUES '
            . implode(', ', array_fill(0, count($items), '(?, ?, ?, ?, UTC_TIMESTAMP(3), IF(? IS NULL, NULL, UTC_TIMESTAMP(3)), ?)')),
            $values
        );
    }

    /** The number that the next item will get. */
    public function nextSeq(): int
    {
        $last = $this->connection->run('SELECT value FROM mod_sealtrail_state WHERE name = ?', [self::SEQUENCE])->fetchColumn();

        return 1 + ($last === false ? $this->lastEver() : (int) $last);
    }

    /** @return array<int, string> the next batch in order, seq => finished text */
    public function oldest(int $maxItems, int $maxBytes): array
    {
        $rows = $this->connection->run(
            'SELECT id, OCTET_LENGTH(body) AS bytes FROM mod_sealtrail_outbox WHERE parked_at IS NULL ORDER BY id LIMIT ' . $maxItems
        );
        $ids = [];
        $bytes = 0;
        foreach ($rows as $row) {
            $bytes += (int) $row['bytes'] + 32;
            if ($ids !== [] && $bytes > $maxBytes) {
                break;
            }
            $ids[] = (int) $row['id'];
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

    /** @return array{seq: int, at: string}|null */
    public function oldestWaiting(): ?array
    {
        $row = $this->connection->run(
            "SELECT id, DATE_FORMAT(recorded_at, '%Y-%m-%dT%H:%i:%s.%f') AS at FROM mod_sealtrail_outbox "
            . 'WHERE parked_at IS NULL ORDER BY id LIMIT 1'
        )->fetch();

        return $row === false ? null : ['seq' => (int) $row['id'], 'at' => substr($row['at'], 0, 23) . 'Z'];
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

    /** @return int the first of $count numbers */
    private function reserve(int $count): int
    {
        $take = function () use ($count): bool {
            return $this->connection->run(
                'UPDATE mod_sealtrail_state SET value = LAST_INSERT_ID(value + ?) WHERE name = ?',
                [$count, self::SEQUENCE]
            )->rowCount() === 1;
        };
        if (!$take()) {
            $this->connection->run(
                'INSERT IGNORE INTO mod_sealtrail_state (name, value) VALUES (?, ?)',
                [self::SEQUENCE, (string) $this->lastEver()]
            );
            $take();
        }

        return (int) $this->connection->lastInsertId() - $count + 1;
    }

    // What the counter starts from when it is missing: never below a number that was used.
    private function lastEver(): int
    {
        $delivered = json_decode((string) $this->connection->run("SELECT value FROM mod_sealtrail_state WHERE name = 'delivery'")->fetchColumn(), true);

        return max(
            (int) ($delivered['last_seq'] ?? 0),
            (int) $this->connection->run('SELECT MAX(id) FROM mod_sealtrail_outbox')->fetchColumn()
        );
    }

    private static function marks(array $ids): string
    {
        return implode(', ', array_fill(0, count($ids), '?'));
    }
}
