<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail\Admin;

use WHMCS\Module\Addon\Sealtrail\Settings;

/** Figures of the sidecar for WHMCS's own pages: within a quarter of a second for the whole page, or not at all. */
final class Summaries
{
    const BUDGET_MS = 250;
    const CONNECT_MS = 100;
    const LEAST_MS = 30;

    private $settings;
    private $channel;
    private $breaker;
    private $spentMs = 0;

    public function __construct(Settings $settings, Channel $channel, Breaker $breaker)
    {
        $this->settings = $settings;
        $this->channel = $channel;
        $this->breaker = $breaker;
    }

    /** @return array|null null: not within the time, or not at all */
    public function find(array $question, array $viewer): ?array
    {
        $leftMs = self::BUDGET_MS - $this->spentMs;
        if ($leftMs < self::LEAST_MS || !$this->settings->isPaired() || !$this->breaker->mayAsk()) {
            return null;
        }
        $startedAt = microtime(true);
        $reply = $this->channel->ask(Channel::SUMMARY, $question + ['viewer' => $viewer], [
            CURLOPT_CONNECTTIMEOUT_MS => min(self::CONNECT_MS, $leftMs),
            CURLOPT_TIMEOUT_MS => $leftMs,
        ]);
        $this->spentMs += (int) ceil((microtime(true) - $startedAt) * 1000);
        $found = $reply->isAuthentic() && $reply->status() === 200 ? json_decode($reply->body(), true) : null;
        if (!is_array($found)) {
            // A second panel of this page must not wait as well.
            $this->spentMs = self::BUDGET_MS;
            $this->breaker->failed();

            return null;
        }
        $this->breaker->succeeded();

        return $found;
    }
}
