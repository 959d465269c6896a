<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/** Tells the sidecar that this bridge lives and what it still holds, so that a number that never arrives is seen as missing. */
final class Heartbeat
{
    const STATE_NAME = 'heartbeat';
    const PARKED_TOLD = 1000;

    private $settings;
    private $outbox;
    private $spool;
    private $state;
    private $installation;
    private $sender;
    private $checkpoints;

    public function __construct(Settings $settings, Outbox $outbox, Spool $spool, State $state, Installation $installation, Sender $sender, Checkpoints $checkpoints)
    {
        $this->settings = $settings;
        $this->outbox = $outbox;
        $this->spool = $spool;
        $this->state = $state;
        $this->installation = $installation;
        $this->sender = $sender;
        $this->checkpoints = $checkpoints;
    }

    public function send(Limits $limits): Answer
    {
        $sentAt = microtime(true);
        $answer = $this->sender->heartbeat($this->body($sentAt), $limits->connectMs(), $limits->postMs());
        if ($answer->isSuccess()) {
            $this->state->put(self::STATE_NAME, (string) json_encode($this->kept($answer, $sentAt)));
            $this->keepCheckpoint($answer);
        }

        return $answer;
    }

    /** @return array{at: string, drift_ms: ?int, chain: ?array, size: mixed, ledger: mixed}|null the last one that was answered */
    public function last(): ?array
    {
        $kept = json_decode((string) $this->state->find(self::STATE_NAME), true);

        return is_array($kept) ? $kept : null;
    }

    private function body(float $now): string
    {
        // Before the oldest: what is written in between is then beyond it, and does not look as if it had gone.
        $nextSeq = $this->outbox->nextSeq();
        $depth = $this->outbox->depth();
        $oldest = $this->outbox->oldestWaiting();
        $block = $this->installation->block(Installation::node($this->state->salt()));

        return (string) json_encode([
            'installation' => $block + ['sapi' => PHP_SAPI],
            'outbox' => [
                'pending' => $depth['waiting'],
                'oldest_seq' => $oldest['seq'] ?? null,
                'oldest_at' => $oldest['at'] ?? null,
                'next_seq' => $nextSeq,
                'parked' => array_map(static function (array $row): array {
                    return ['seq' => (int) $row['id'], 'reason' => (string) $row['reason']];
                }, $this->outbox->parked(self::PARKED_TOLD)),
                'spooled' => $this->spool->waitingFiles(),
            ],
            'paused' => $this->state->isPaused(),
            'checkpoints' => $this->checkpoints->report(),
            'sent_at' => Instant::format($now),
        ], ItemBuilder::JSON);
    }

    // Whoever has taken the sidecar's port must not be able to put a checkpoint here that shuts the true ones out.
    private function keepCheckpoint(Answer $answer)
    {
        $note = $answer->values()['checkpoint'] ?? null;
        if (is_string($note) && $answer->isAuthentic()) {
            $this->checkpoints->keep($note);
        }
    }

    private function kept(Answer $answer, float $sentAt): array
    {
        $told = $answer->values();
        $time = isset($told['time']) && is_string($told['time']) ? strtotime($told['time']) : false;

        return [
            'at' => Instant::format($sentAt),
            'drift_ms' => $time === false ? null : (int) (($sentAt - $time) * 1000),
            'chain' => is_array($told['chain'] ?? null) ? $told['chain'] : null,
            'size' => $told['size'] ?? null,
            'ledger' => $told['ledger'] ?? null,
        ];
    }
}
