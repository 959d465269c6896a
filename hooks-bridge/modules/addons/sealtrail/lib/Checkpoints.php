<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/**
 * Checkpoints of the sidecar, kept in the billing database: who changes the sidecar's own database, key and data folder does not
 * reach them. Rows are only added, and none for an origin goes back. Whether a checkpoint is genuine is for whoever reads the
 * table: its note carries the sidecar's signature.
 */
final class Checkpoints
{
    const REFUSED = 'checkpoint_refused';
    const MAX_NOTE_BYTES = 10000;
    const TOLD = 20;

    private $connection;
    private $schema;
    private $state;

    public function __construct(Connection $connection, Schema $schema, State $state)
    {
        $this->connection = $connection;
        $this->schema = $schema;
        $this->state = $state;
    }

    /** What a heartbeat tells: the newest note of each origin, and the one that was refused last until one is taken again. */
    public function report(): array
    {
        return $this->schema->ensured(function (): array {
            $refused = json_decode((string) $this->state->find(self::REFUSED), true);

            return ['held' => array_column($this->newest(), 'note'), 'refused' => is_array($refused) ? $refused : null];
        });
    }

    /** @return array<int, array{origin: string, size: string, root: string, note: string, kept_at: string}> of each origin, newest first */
    public function newest(): array
    {
        return $this->connection->run(
            'SELECT c.origin, c.size, c.root, c.note, c.kept_at FROM mod_sealtrail_checkpoints c '
            . 'JOIN (SELECT origin, MAX(size) AS size FROM mod_sealtrail_checkpoints GROUP BY origin) n '
            . 'ON n.origin = c.origin AND n.size = c.size ORDER BY c.id DESC LIMIT ' . self::TOLD
        )->fetchAll();
    }

    /** @return bool whether it is held now; one that goes back, or is another of the same size, is refused and told */
    public function keep(string $note): bool
    {
        $stated = self::stated($note);
        if ($stated === null) {
            return false;
        }

        return $this->schema->ensured(function () use ($stated, $note): bool {
            $isNew = $this->insert($stated, $note);
            $held = $isNew ? $stated : $this->find($stated['origin']);
            if ($held !== null && $held['size'] === $stated['size'] && $held['root'] === $stated['root']) {
                $this->state->forget(self::REFUSED);

                return true;
            }
            $this->state->put(self::REFUSED, (string) json_encode([
                'note' => $note,
                'reason' => 'held is size ' . ($held['size'] ?? '?') . ' with root ' . ($held['root'] ?? '?'),
            ], JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE));

            return false;
        });
    }

    // One statement looks and writes, so that two heartbeats at once do not go back either.
    private function insert(array $stated, string $note): bool
    {
        return $this->connection->run(
            'INSERT IGNORE INTO mod_sealtrail_checkpoints (origin, size, root, note, kept_at) '
            . 'SELECT ?, ?, ?, ?, UTC_TIMESTAMP(3) FROM DUAL '
            . 'WHERE NOT EXISTS (SELECT 1 FROM mod_sealtrail_checkpoints WHERE origin = ? AND size >= ?)',
            [$stated['origin'], $stated['size'], $stated['root'], $note, $stated['origin'], $stated['size']]
        )->rowCount() === 1;
    }

    /** @return array{size: string, root: string}|null */
    private function find(string $origin): ?array
    {
        $row = $this->connection->run(
            'SELECT size, root FROM mod_sealtrail_checkpoints WHERE origin = ? ORDER BY size DESC LIMIT 1',
            [$origin]
        )->fetch();

        return $row === false ? null : ['size' => (string) $row['size'], 'root' => (string) $row['root']];
    }

    /** @return array{origin: string, size: string, root: string}|null what the first lines of a note say (C2SP tlog-checkpoint) */
    private static function stated(string $note): ?array
    {
        $isNote = strlen($note) <= self::MAX_NOTE_BYTES
            && preg_match('~\A([\x21-\x7e]{1,255})\n(0|[1-9]\d{0,15})\n([A-Za-z0-9+/]{43}=)\n~', $note, $found) === 1;

        return $isNote ? ['origin' => $found[1], 'size' => $found[2], 'root' => $found[3]] : null;
    }
}
