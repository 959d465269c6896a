<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/** Says loudly when more waits than should. Nothing is ever dropped for it. */
final class GrowthWarning
{
    const STATE_NAME = 'growth_warned_at';
    const WARN_EVERY_SECONDS = 3600;
    const MANY_ITEMS = 10000;
    const OLD_SECONDS = 3600;
    const MANY_FILES = 100;

    const MANY = 'many_waiting';
    const OLD = 'old_waiting';
    const PARKED = 'parked';
    const SPOOLED = 'spool_waiting';

    private $outbox;
    private $spool;
    private $state;

    public function __construct(Outbox $outbox, Spool $spool, State $state)
    {
        $this->outbox = $outbox;
        $this->spool = $spool;
        $this->state = $state;
    }

    /** @return array<string, int> what is wrong => how much of it */
    public function reasons(): array
    {
        $depth = $this->outbox->depth();
        $files = $this->spool->waitingFiles();

        return array_filter([
            self::MANY => $depth['waiting'] >= self::MANY_ITEMS ? $depth['waiting'] : 0,
            self::OLD => (int) $depth['oldest_age_seconds'] >= self::OLD_SECONDS ? (int) $depth['oldest_age_seconds'] : 0,
            self::PARKED => $depth['parked'],
            self::SPOOLED => $files >= self::MANY_FILES ? $files : 0,
        ]);
    }

    /** At most once an hour: to PHP's log and to WHMCS's activity log, where administrators look. */
    public function warn()
    {
        $reasons = $this->reasons();
        if ($reasons === [] || time() - (int) $this->state->find(self::STATE_NAME) < self::WARN_EVERY_SECONDS) {
            return;
        }
        $this->state->put(self::STATE_NAME, (string) time());
        $parts = [];
        foreach ($reasons as $reason => $amount) {
            $parts[] = self::text($reason, $amount);
        }
        $text = 'Sealtrail: ' . implode('; ', $parts) . '. Nothing is lost; see Addons > Sealtrail.';
        error_log($text);
        if (function_exists('logActivity')) {
            logActivity($text);
        }
    }

    private static function text(string $reason, int $amount): string
    {
        switch ($reason) {
            case self::MANY:
                return $amount . ' events wait for the sidecar';
            case self::OLD:
                return 'the oldest event has waited for ' . intdiv($amount, 60) . ' minutes';
            case self::PARKED:
                return $amount . ' events were refused and parked';
            default:
                return $amount . ' spool files could not be moved into the outbox table';
        }
    }
}
