<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/**
 * Carries the outbox to the sidecar, oldest first, one deliverer at a time. An item leaves the outbox only after an answer
 * that accounts for all of its batch; what the sidecar will never take is parked for a person.
 */
final class Deliverer
{
    const MAX_ITEMS = 100;
    const MAX_BYTES = 1048576;
    const TOO_LITTLE_TIME_MS = 50;

    const NOT_PAIRED = 'not_paired';
    const BUSY = 'busy';
    const EMPTIED = 'emptied';
    const OUT_OF_TIME = 'out_of_time';
    const REFUSED = 'refused';

    private $settings;
    private $outbox;
    private $state;
    private $import;
    private $sender;
    private $schema;

    public function __construct(
        Settings $settings,
        Outbox $outbox,
        DeliveryState $state,
        SpoolImport $import,
        Sender $sender,
        Schema $schema
    ) {
        $this->settings = $settings;
        $this->outbox = $outbox;
        $this->state = $state;
        $this->import = $import;
        $this->sender = $sender;
        $this->schema = $schema;
    }

    /** @return string how it ended, one of the constants above */
    public function deliver(Limits $limits, bool $evenIfPaused = false): string
    {
        if (!$this->settings->isPaired()) {
            return self::NOT_PAIRED;
        }
        $isMine = $this->schema->ensured(function () use ($evenIfPaused, $limits): bool {
            return $this->state->acquire($evenIfPaused, $limits->leaseSeconds());
        });
        if (!$isMine) {
            return self::BUSY;
        }
        try {
            $this->import->run();

            return $this->drain($limits, microtime(true) + $limits->totalMs() / 1000);
        } finally {
            $this->state->release();
        }
    }

    private function drain(Limits $limits, float $deadline): string
    {
        while (($leftMs = (int) (($deadline - microtime(true)) * 1000)) > self::TOO_LITTLE_TIME_MS) {
            if (!$this->state->renew($limits->leaseSeconds())) {
                return self::BUSY;
            }
            $batch = $this->outbox->oldest($this->state->batchLimit(), self::MAX_BYTES);
            if ($batch === []) {
                return self::EMPTIED;
            }
            $postMs = min($limits->postMs(), $leftMs);
            $answer = $this->sender->send($batch, min($limits->connectMs(), $postMs), $postMs);
            if (!$this->settle($batch, $answer, $limits, $deadline)) {
                return self::REFUSED;
            }
        }

        return self::OUT_OF_TIME;
    }

    /** @return bool whether going on makes sense */
    private function settle(array $batch, Answer $answer, Limits $limits, float $deadline): bool
    {
        $now = Instant::format(microtime(true));
        if ($answer->accountsFor(self::eventIds($batch))) {
            $this->outbox->delete(array_keys($batch));
            $this->state->succeeded((int) max(array_keys($batch)), $now);

            return true;
        }
        if ($answer->blamesContent() && count($batch) > 1) {
            $this->state->narrowTo(intdiv(count($batch), 2));

            return true;
        }
        if ($answer->blamesContent() && $this->takesAnEmptyDelivery($limits, $deadline)) {
            $seq = (int) key($batch);
            $this->outbox->park($seq, $answer->status() . ' ' . $answer->detail());
            $this->state->passed($seq);

            return true;
        }
        $this->state->failed($answer, $this->explain($answer), $now);

        return false;
    }

    // Only where an empty delivery passes is the item to blame. A wrong address or a broken proxy that answers 400 to
    // everything must not get the whole outbox parked.
    private function takesAnEmptyDelivery(Limits $limits, float $deadline): bool
    {
        $leftMs = max(self::TOO_LITTLE_TIME_MS, (int) (($deadline - microtime(true)) * 1000));
        $postMs = min($limits->postMs(), $leftMs);

        return $this->sender->send([], min($limits->connectMs(), $postMs), $postMs)->accountsFor([]);
    }

    private function explain(Answer $answer): string
    {
        return ($answer->isSuccess() ? 'the answer does not account for what was sent: ' : '') . $answer->detail();
    }

    private static function eventIds(array $batch): array
    {
        return array_values(array_map(static function (string $text): string {
            preg_match('/^\{"seq":\d+,"id":"([^"]+)"/', $text, $parts);

            return $parts[1] ?? '';
        }, $batch));
    }
}
