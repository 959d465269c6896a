<?php

declare(strict_types=1);

use PHPUnit\Framework\TestCase;
use WHMCS\Module\Addon\Sealtrail\HookTable;

final class HookTableTest extends TestCase
{
    const HELPERS = ['AfterCronJob' => 'scheduler', 'AfterRegistrarGetNameservers' => 'nameservers', 'DailyCronJob' => 'daily'];

    private function catalogue(): array
    {
        return json_decode((string) file_get_contents(__DIR__ . '/../../../server/core/catalogue/hooks.json'), true)['hooks'];
    }

    public function testTheCommittedTableIsWhatTheGeneratorMakes(): void
    {
        $made = shell_exec(PHP_BINARY . ' ' . escapeshellarg(__DIR__ . '/../../tools/generate-hook-table.php') . ' --print');
        $this->assertSame($made, file_get_contents(__DIR__ . '/../../modules/addons/sealtrail/lib/hook-table.php'));
    }

    public function testItHoldsEveryAuditHookAndThreeHelpersAndNothingElse(): void
    {
        $audit = array_column(array_filter($this->catalogue(), static function (array $hook): bool {
            return $hook['use'] === 'audit';
        }), 'hook');
        $expected = array_merge($audit, array_keys(self::HELPERS));
        sort($expected);
        $actual = array_keys(HookTable::load()->rows());
        sort($actual);
        $this->assertSame($expected, $actual);
        $this->assertCount(153, $audit);
        foreach (self::HELPERS as $hook => $role) {
            $this->assertSame($role, HookTable::load()->row($hook)['role']);
        }
    }

    public function testRegisteringTakesExactlyTheTable(): void
    {
        $GLOBALS['hooks'] = [];
        require __DIR__ . '/../../modules/addons/sealtrail/hooks.php';
        $registered = array_map(static function (array $callbacks): int {
            return $callbacks[0]['priority'];
        }, $GLOBALS['hooks']);
        $this->assertSame(array_column(HookTable::load()->rows(), 'priority'), array_values($registered));
        $this->assertSame(array_keys(HookTable::load()->rows()), array_keys($registered));
        $GLOBALS['hooks'] = [];
    }

    public function testRedactAndMinimiseListsComeFromTheCatalogue(): void
    {
        foreach ($this->catalogue() as $hook) {
            if ($hook['use'] === 'audit') {
                $row = HookTable::load()->row($hook['hook']);
                $this->assertSame($hook['redact'] ?? [], $row['redact'], $hook['hook']);
                $this->assertSame($hook['minimise'] ?? [], $row['minimise'], $hook['hook']);
                $this->assertSame(in_array('olddata', $hook['params'], true), $row['before'] === 'olddata', $hook['hook']);
            }
        }
    }
}
