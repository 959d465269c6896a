<?php

declare(strict_types=1);

use Sealtrail\StandIn\StandIn;
use Sealtrail\Tests\BridgeCase;
use WHMCS\Module\Addon\Sealtrail\HookTable;
use WHMCS\Module\Addon\Sealtrail\Leftovers;
use WHMCS\Module\Addon\Sealtrail\Uninstall;
use WHMCS\Module\Addon\Sealtrail\Words;

final class UninstallTest extends BridgeCase
{
    private function undelivered(int $count): void
    {
        for ($i = 0; $i < $count; $i++) {
            $this->aBridge()->recorder()->hook('ClientEdit', HookTable::PLAIN_ROW, ['userid' => $i + 1], null);
        }
        $this->moveToOutbox();
    }

    private function uninstall(array $options, bool $isActive = false): array
    {
        list($code, $lines) = (new Uninstall($this->aBridge(), new Words([])))->run($options, $isActive);

        return [$code, implode("\n", $lines)];
    }

    private function tables(): array
    {
        return $this->sql("SHOW TABLES LIKE 'mod\\_sealtrail\\_%'")->fetchAll(PDO::FETCH_COLUMN);
    }

    public function testDeactivationTellsWhatIsNotDeliveredAndDropsNothing(): void
    {
        $this->undelivered(3);
        $this->sql('UPDATE mod_sealtrail_outbox SET parked_at = UTC_TIMESTAMP(3), reason = \'x\' ORDER BY id LIMIT 1');
        $this->adminRequest('configaddonmods.php');
        $_SESSION['adminid'] = 7;
        $text = sealtrail_deactivate()['description'];
        // Two of the three, and the two that tell of the deactivation itself.
        $this->assertStringContainsString('Events that are NOT DELIVERED yet: 4.', $text);
        $this->assertStringContainsString('wait for a person: 1.', $text);
        $this->assertStringContainsString('mod_sealtrail_outbox, mod_sealtrail_state, mod_sealtrail_known_things, mod_sealtrail_known_rows, mod_sealtrail_checkpoints', $text);
        $this->assertStringContainsString('uninstall.php --remove', $text);
        $this->assertSame(5, $this->waiting() + 1);
        $this->assertCount(5, $this->tables());
    }

    /** @dataProvider languages */
    public function testDeactivationTellsItInTheLanguageOfWhoeverDoesIt(?string $language, string $expected): void
    {
        $this->undelivered(1);
        $this->adminRequest('configaddonmods.php');
        $_SESSION['adminid'] = 7;
        $this->sql('UPDATE tbladmins SET language = \'' . $language . '\' WHERE id = 7');
        $this->assertStringContainsString($expected, sealtrail_deactivate()['description']);
        $this->assertStringContainsString('mod_sealtrail_outbox', sealtrail_deactivate()['description']);
    }

    public static function languages(): array
    {
        $of = static function (string $language): string {
            return Words::inLanguage($language)->text('deactivated');
        };

        return [['chinese', $of('chinese')], ['chinese-tw', $of('chinese-tw')], ['german', $of('english')], [null, $of('english')]];
    }

    public function testItOnlyTellsUnlessItIsToldToRemove(): void
    {
        $this->undelivered(2);
        list($code, $text) = $this->uninstall([]);
        $this->assertSame(0, $code);
        $this->assertStringContainsString('NOT DELIVERED yet: 2', $text);
        $this->assertCount(5, $this->tables());
        $this->sql('DELETE FROM mod_sealtrail_outbox');
        $this->assertStringContainsString('Every event was delivered.', $this->uninstall([])[1]);
    }

    /** @dataProvider wrongNumbers */
    public function testItRefusesToLoseEventsThatWereNotDelivered(array $options): void
    {
        $this->undelivered(2);
        list($code, $text) = $this->uninstall($options);
        $this->assertSame([2, true], [$code, strpos($text, 'Nothing was removed: 2 events were not delivered.') === 0]);
        $this->assertSame(2, $this->waiting());
    }

    public static function wrongNumbers(): array
    {
        return [[['--remove']], [['--remove', '--discard=1']], [['--remove', '--discard=3']], [['--remove', '--discard=0']]];
    }

    public function testItLosesThemOnlyUnderTheirRightNumber(): void
    {
        $this->undelivered(2);
        list($code, $text) = $this->uninstall(['--remove', '--discard=2']);
        $this->assertSame([0, []], [$code, $this->tables()]);
        $this->assertStringContainsString('Dropped mod_sealtrail_outbox (2 rows).', $text);
        $this->assertSame([], (new Leftovers($this->aBridge()))->tables());
        $this->assertSame(0, (new Leftovers($this->aBridge()))->undelivered());
    }

    public function testAnEventThatIsStillInAFileCounts(): void
    {
        $this->aBridge()->schema()->create();
        $this->aBridge()->recorder()->hook('ClientEdit', HookTable::PLAIN_ROW, ['userid' => 1], null);
        $this->assertSame(2, $this->uninstall(['--remove'])[0]);
        $this->assertSame(1, $this->waiting());
    }

    public function testItRefusesWhileTheModuleIsActiveAndOptionsThatItDoesNotKnow(): void
    {
        $this->undelivered(0);
        $this->assertSame([2, 'The module is active. Deactivate it first, under Addon Modules.'], $this->uninstall(['--remove'], true));
        $this->assertSame(2, $this->uninstall(['--remove', '--force'])[0]);
        $this->assertSame(2, $this->uninstall(['--discard=x'])[0]);
    }

    public function testTheCommandRunsInARealWhmcsRequestAndNotInABrowser(): void
    {
        $this->undelivered(1);
        $file = StandIn::MODULES . '/sealtrail/uninstall.php';
        list($code, $out) = $this->php(['-r', 'require $argv[1]; $argv = [$argv[2]]; require $argv[0];', dirname(__DIR__) . '/whmcs/init.php', $file]);
        $this->assertSame(0, $code);
        $this->assertStringContainsString('NOT DELIVERED yet: 1', $out);
        $this->assertStringContainsString("PHP_SAPI !== 'cli'", (string) file_get_contents($file));
    }

    public function testEveryLanguageHasTheSentences(): void
    {
        foreach (Words::LANGUAGES as $language) {
            $text = implode(' ', (new Leftovers($this->aBridge()))->sentences(Words::inLanguage($language)));
            $this->assertStringContainsString('uninstall.php --remove', $text);
            $this->assertStringNotContainsString('left_', $text);
            $this->assertStringNotContainsString('{', $text);
        }
    }
}
