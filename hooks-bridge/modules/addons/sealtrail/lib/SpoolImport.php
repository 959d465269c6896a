<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/** Moves spooled items into the outbox, each file once: its rows and the note that it is done are one transaction. */
final class SpoolImport
{
    private $connection;
    private $outbox;
    private $spool;
    private $state;

    public function __construct(Connection $connection, Outbox $outbox, Spool $spool, State $state)
    {
        $this->connection = $connection;
        $this->outbox = $outbox;
        $this->spool = $spool;
        $this->state = $state;
    }

    public function run()
    {
        foreach ($this->spool->takeFiles() as $file) {
            $note = 'spool.' . substr(hash('sha256', $file), 0, 40);
            if ($this->state->find($note) === null) {
                $this->connection->transaction(function () use ($file, $note) {
                    $this->import($file);
                    $this->state->put($note, basename($file));
                });
            }
            if (@unlink($file)) {
                $this->state->forget($note);
            }
        }
    }

    private function import(string $file)
    {
        foreach ($this->spool->lines($file) as $line) {
            $values = json_decode($line, true);
            $id = is_array($values) && isset($values['id']) && is_string($values['id']) ? $values['id'] : null;
            if ($id !== null && strlen($id) === 36 && strncmp($line, '{"id":', 6) === 0) {
                $subject = $values['hook'] ?? $values['table'] ?? $values['kind'] ?? '';
                $this->outbox->append(new Item($id, (string) $subject, $line));
                continue;
            }
            // Half a line, from a disk that ran full or a crash: a person may still make sense of it.
            $this->outbox->appendParked(new Item(UuidV7::make(microtime(true)), 'spool', $line), 'unreadable line of the spool file');
        }
    }
}
