<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/** Moves spooled items into the outbox, each file once: its rows and the note that it is done are one transaction. */
final class SpoolImport
{
    const NOTE = 'spool.';
    const NOTE_SECONDS = 86400;
    const ITEMS_AT_ONCE = 200;
    const BYTES_AT_ONCE = 524288;

    private $connection;
    private $outbox;
    private $spool;
    private $state;
    private $schema;

    public function __construct(Connection $connection, Outbox $outbox, Spool $spool, State $state, Schema $schema)
    {
        $this->connection = $connection;
        $this->outbox = $outbox;
        $this->spool = $spool;
        $this->state = $state;
        $this->schema = $schema;
    }

    public function run()
    {
        $this->spool->drain(function (iterable $lines) {
            $batches = self::batches($lines);
            if ($batches->valid()) {
                $this->schema->ensured(function () use ($batches) {
                    $this->import($batches);
                });
            }
        });
    }

    /** Notes of files that are long gone. */
    public function tidy()
    {
        $this->connection->run(
            'DELETE FROM mod_sealtrail_state WHERE name LIKE ? AND value < ?',
            [self::NOTE . '%', sprintf('%012d', time() - self::NOTE_SECONDS)]
        );
    }

    private function import(\Generator $batches)
    {
        $this->connection->transaction(function () use ($batches) {
            // No two files begin with the same item, so it stands for the file.
            $note = self::NOTE . $batches->current()[0]->id();
            if ($this->state->find($note) !== null) {
                return;
            }
            $this->state->put($note, sprintf('%012d', time()));
            for (; $batches->valid(); $batches->next()) {
                $this->outbox->insert($batches->current());
            }
        });
    }

    /** @return \Generator<int, Item[]> as many items as one statement may well hold */
    private static function batches(iterable $lines): \Generator
    {
        $items = [];
        $bytes = 0;
        foreach ($lines as $line) {
            if ($items !== [] && (count($items) >= self::ITEMS_AT_ONCE || $bytes + strlen($line) > self::BYTES_AT_ONCE)) {
                yield $items;
                $items = [];
                $bytes = 0;
            }
            $items[] = self::item($line);
            $bytes += strlen($line);
        }
        if ($items !== []) {
            yield $items;
        }
    }

    private static function item(string $line): Item
    {
        // What the item is about is wanted for the page alone, so the line is not decoded for it.
        $isWhole = substr($line, -1) === '}' && preg_match(
            '/^\{"id":"([0-9a-f-]{36})","kind":"(\w+)"(?:,"(?:hook|table)":"([^"\\\\]{0,100}))?/',
            $line,
            $parts
        ) === 1;
        if ($isWhole) {
            return new Item($parts[1], $parts[3] ?? $parts[2], $line);
        }
        // Half a line, from a disk that ran full or a crash: a person may still make sense of it.
        $digest = hash('sha256', $line);

        return Item::unreadable(substr($digest, 0, 8) . '-' . implode('-', str_split(substr($digest, 8, 12), 4)) . '-' . substr($digest, 20, 12), $line);
    }
}
