<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/**
 * The cron keeps its own notes in tblconfiguration, under names that differ by version. One setting that it changes itself is
 * told a few times a day and no more; changed by anybody else it is told always.
 */
final class CronNoise
{
    const STATE_NAME = 'cron_noise';
    const TOLD_A_DAY = 3;

    private $state;
    private $today;
    private $counts;

    public function __construct(State $state, string $today)
    {
        $this->state = $state;
        $this->today = $today;
    }

    public function isEnough(string $setting): bool
    {
        if ($this->counts === null) {
            $kept = json_decode((string) $this->state->find(self::STATE_NAME), true);
            $this->counts = is_array($kept) && ($kept['day'] ?? '') === $this->today ? (array) $kept['counts'] : [];
        }
        $told = (int) ($this->counts[$setting] ?? 0);
        if ($told >= self::TOLD_A_DAY) {
            return true;
        }
        $this->counts[$setting] = $told + 1;
        $this->state->put(self::STATE_NAME, (string) json_encode(['day' => $this->today, 'counts' => $this->counts]));

        return false;
    }
}
