<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/** The generated list of hook points; hook-table.php is made by hooks-bridge/tools/generate-hook-table.php. */
final class HookTable
{
    const PLAIN_ROW = ['role' => 'audit', 'args' => null, 'redact' => [], 'minimise' => [], 'before' => null];

    private $rows;

    public function __construct(array $rows)
    {
        $this->rows = $rows;
    }

    public static function load(): self
    {
        return new self(require __DIR__ . '/hook-table.php');
    }

    /** @return array<string, array> hook => row */
    public function rows(): array
    {
        return $this->rows;
    }

    public function row(string $hook): array
    {
        return $this->rows[$hook] ?? self::PLAIN_ROW;
    }
}
