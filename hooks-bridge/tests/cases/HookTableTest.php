<?php

declare(strict_types=1);

use PHPUnit\Framework\TestCase;
use WHMCS\Module\Addon\Sealtrail\Admin\OutputHooks;
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
        $output = array_fill_keys(OutputHooks::HOOKS, OutputHooks::PRIORITY);
        $this->assertSame(array_map(static function (array $row): int {
            return $row['priority'];
        }, HookTable::load()->rows()) + $output, $registered);
        $GLOBALS['hooks'] = [];
    }

    public function testSomethingIsShownOnlyWhereAHookAsksForItAndThereNothingIsRecorded(): void
    {
        $uses = array_column($this->catalogue(), 'use', 'hook');
        foreach (OutputHooks::HOOKS as $hook) {
            // The catalogue leaves out what can never be an event.
            $this->assertStringStartsWith('ui', $uses[$hook] ?? 'ui', $hook);
            $this->assertArrayNotHasKey($hook, HookTable::load()->rows());
        }
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
