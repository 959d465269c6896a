<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/** What came back for one delivery; status 0 means that nothing did. */
final class Answer
{
    private $status;
    private $body;
    private $retryAfter;
    private $error;
    private $isAuthentic;

    public function __construct(int $status, string $body, string $retryAfter, string $error, bool $isAuthentic = false)
    {
        $this->status = $status;
        $this->body = $body;
        $this->retryAfter = $retryAfter;
        $this->error = $error;
        $this->isAuthentic = $isAuthentic;
    }

    public function status(): int
    {
        return $this->status;
    }

    public function isSuccess(): bool
    {
        return $this->status >= 200 && $this->status < 300;
    }

    /** Signed with our secret for this very request. Anything else may come from whoever listens there instead of the sidecar. */
    public function isAuthentic(): bool
    {
        return $this->isAuthentic;
    }

    /** Sending these same bytes again cannot help: one of the items is to blame, or all of them together are too large. */
    public function blamesContent(): bool
    {
        return $this->status === 400 || $this->status === 413;
    }

    /** @param string[] $eventIds the ids that were sent */
    public function accountsFor(array $eventIds): bool
    {
        $answer = json_decode($this->body, true);
        if (!$this->isSuccess() || !is_array($answer)) {
            return false;
        }
        $sum = 0;
        foreach (['accepted', 'duplicates', 'quarantined'] as $count) {
            if (!isset($answer[$count]) || !is_int($answer[$count]) || $answer[$count] < 0) {
                return false;
            }
            $sum += $answer[$count];
        }
        $receipted = array_unique(array_column((array) ($answer['receipts'] ?? []), 'id'));

        return $sum === count($eventIds)
            && count($receipted) >= $answer['accepted']
            && array_diff($receipted, $eventIds) === [];
    }

    /** @return array what a JSON answer holds */
    public function values(): array
    {
        $answer = json_decode($this->body, true);

        return is_array($answer) ? $answer : [];
    }

    public function retryAfterSeconds(int $now): ?int
    {
        if (preg_match('/^\d{1,9}$/', $this->retryAfter)) {
            return (int) $this->retryAfter;
        }
        $at = $this->retryAfter === '' ? false : strtotime($this->retryAfter);

        return $at === false ? null : max(0, $at - $now);
    }

    /** One line for the addon page. */
    public function detail(): string
    {
        if ($this->status === 0) {
            return $this->error;
        }
        $answer = json_decode($this->body, true);
        $text = is_array($answer) ? (string) json_encode($answer, JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE) : $this->body;

        return FreeText::clean($text, 300);
    }
}
