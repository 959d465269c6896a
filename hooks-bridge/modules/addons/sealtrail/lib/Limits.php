<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/** How long a delivery may take: next to nothing behind a page, longer in the cron, a patient moment behind a button. */
final class Limits
{
    private $connectMs;
    private $postMs;
    private $totalMs;

    private function __construct(int $connectMs, int $postMs, int $totalMs)
    {
        $this->connectMs = $connectMs;
        $this->postMs = $postMs;
        $this->totalMs = $totalMs;
    }

    public static function afterRequest(): self
    {
        return new self(200, 1000, 1000);
    }

    public static function cron(): self
    {
        return new self(2000, 10000, 30000);
    }

    public static function button(): self
    {
        return new self(2000, 5000, 10000);
    }

    public function connectMs(): int
    {
        return $this->connectMs;
    }

    public function postMs(): int
    {
        return $this->postMs;
    }

    /** Longer than one post may take, and no longer than others should wait for a deliverer that was killed. */
    public function leaseSeconds(): int
    {
        return 4 + (int) ceil($this->postMs / 1000);
    }

    public function totalMs(): int
    {
        return $this->totalMs;
    }
}
