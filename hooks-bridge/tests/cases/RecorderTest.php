<?php

declare(strict_types=1);

use Sealtrail\Tests\BridgeCase;
use WHMCS\Database\Capsule;
use WHMCS\Module\Addon\Sealtrail\Bridge;
use WHMCS\Module\Addon\Sealtrail\Connection;
use WHMCS\Module\Addon\Sealtrail\HookTable;
use WHMCS\Module\Addon\Sealtrail\Settings;
use WHMCS\Module\Addon\Sealtrail\Spool;

final class RecorderTest extends BridgeCase
{
    private function listen(): Bridge
    {
        $this->adminRequest();
        $GLOBALS['hooks'] = [];
        $bridge = $this->aBridge();
        $bridge->listen();

        return $bridge;
    }

    public function testTheItemIsOnDiskBeforeTheCallbackReturns(): void
    {
        $this->listen();
        $seen = '';
        add_hook('ClientEdit', 1000, function () use (&$seen) {
            $seen = implode('', array_map('file_get_contents', glob($this->spoolFolder . '/*')));
        });
        run_hook('ClientEdit', ['userid' => 5]);
        $this->assertStringContainsString('"hook":"ClientEdit"', $seen);
        $this->assertSame(1, $this->waiting());
        $this->assertStringNotContainsString('ClientEdit', implode('', array_map('file_get_contents', glob($this->spoolFolder . '/*'))));
    }

    public function testWithoutAWritableFolderTheTableIsWrittenAtOnce(): void
    {
        $bridge = new Bridge(
            Connection::ofBilling(),
            new Settings('/nowhere', static function (): array {
                return [];
            }),
            new Spool(['/proc/no-such-place'])
        );
        foreach ([5, 6] as $client) {
            $bridge->recorder()->hook('ClientEdit', HookTable::PLAIN_ROW, ['userid' => $client], null);
        }
        $this->assertSame([1, 2], $this->sql('SELECT id FROM mod_sealtrail_outbox ORDER BY id')->fetchAll(PDO::FETCH_COLUMN));
        $this->assertSame([5, 6], array_column(array_column($this->items(), 'params'), 'userid'));
    }

    public function testAWorkerOnTheCommandLineKeepsNothingBack(): void
    {
        unset($_SERVER['REQUEST_METHOD']);
        $this->aBridge()->listen();
        run_hook('ClientEdit', ['userid' => 5]);
        $this->assertSame(1, (int) $this->sql('SELECT COUNT(*) FROM mod_sealtrail_outbox')->fetchColumn());
    }

    public function testALongRequestMovesItsItemsWhileItRuns(): void
    {
        $this->listen();
        for ($n = 0; $n < 100; $n++) {
            run_hook('ClientEdit', ['userid' => $n, 'notes' => str_repeat('x', 10000)]);
        }
        // Half a megabyte may still be in the file: about 52 of them, wherever the last move was.
        $this->assertGreaterThan(40, (int) $this->sql('SELECT COUNT(*) FROM mod_sealtrail_outbox')->fetchColumn());
        $this->assertSame(range(0, 99), array_column(array_column($this->items(), 'params'), 'userid'));
    }

    public function testTheRowOutlivesATransactionThatBillingRollsBackAndLeavesItsLastInsertIdAlone(): void
    {
        $this->listen();
        Capsule::connection()->beginTransaction();
        $id = Capsule::table('tblinvoices')->insertGetId(['userid' => 5, 'notes' => '']);
        run_hook('InvoiceCreated', ['source' => 'adminarea', 'user' => 7, 'invoiceid' => $id, 'status' => 'Draft']);
        $this->assertSame($id, (int) Capsule::connection()->getPdo()->lastInsertId());
        $this->assertTrue(Capsule::connection()->getPdo()->inTransaction());
        Capsule::connection()->rollBack();
        $this->assertSame(1, $this->waiting());
    }

    public function testMissingTablesAreMadeAgain(): void
    {
        $this->sql('DROP TABLE mod_sealtrail_outbox, mod_sealtrail_state');
        $this->listen();
        run_hook('ClientEdit', ['userid' => 5]);
        $this->assertSame('ClientEdit', $this->items()[0]['hook']);
    }

    public function testATableThatCannotBeWrittenLeavesTheItemsInTheirFile(): void
    {
        $this->sql('DROP TABLE mod_sealtrail_outbox');
        $this->sql('CREATE TABLE mod_sealtrail_outbox (id INT)');
        $this->listen();
        run_hook('ClientEdit', ['userid' => 5]);
        run_hook('InvoicePaid', ['invoiceid' => 7]);
        $this->moveToOutbox();
        $lines = file(glob($this->spoolFolder . '/spool-*.php')[0], FILE_IGNORE_NEW_LINES);
        $this->assertSame('<?php exit; ?>', $lines[0]);
        $this->assertSame(['ClientEdit', 'InvoicePaid'], array_column(array_map(static function (string $line): array {
            return json_decode($line, true);
        }, array_slice($lines, 1)), 'hook'));
        $this->sql('DROP TABLE mod_sealtrail_outbox');
        $this->assertSame(['ClientEdit', 'InvoicePaid'], array_column($this->items(), 'hook'), 'the table is made again');
    }

    public function testOlddataBecomesBeforeAndIsRedactedTheSameWay(): void
    {
        $this->listen();
        foreach (['ClientEdit' => 'authdata', 'ContactEdit' => 'password', 'UserEdit' => 'password'] as $hook => $secret) {
            run_hook($hook, ['email' => 'new@example.com', $secret => 'x1', 'olddata' => ['email' => 'old@example.com', $secret => 'x2']]);
        }
        foreach ($this->items() as $item) {
            $this->assertSame('old@example.com', $item['before']['email']);
            $this->assertSame('new@example.com', $item['params']['email']);
            $this->assertArrayNotHasKey('olddata', $item['params']);
        }
        $this->assertStringNotContainsString('x1', $this->outboxText());
        $this->assertStringNotContainsString('x2', $this->outboxText());
    }

    public function testOldNameserversComeFromTheLastReadingOfTheSameDomain(): void
    {
        $this->listen();
        run_hook('AfterRegistrarGetNameservers', ['params' => ['domainid' => 4], 'results' => ['ns1' => 'old1.example.com', 'ns2' => 'old2.example.com', 'error' => '']]);
        run_hook('AfterRegistrarGetNameservers', ['params' => ['domainid' => 5], 'results' => ['ns1' => 'other.example.com']]);
        run_hook('AfterRegistrarSaveNameservers', ['params' => ['domainid' => 4, 'ns1' => 'new1.example.com'], 'functionSuccessful' => true]);
        run_hook('AfterRegistrarSaveNameservers', ['params' => ['domainid' => 6, 'ns1' => 'new1.example.com']]);
        $items = $this->items();
        $this->assertCount(2, $items);
        $this->assertSame(['ns1' => 'old1.example.com', 'ns2' => 'old2.example.com'], $items[0]['before']);
        $this->assertNull($items[1]['before']);
    }

    public function testAnActivityEntryIsOfItsOwnKind(): void
    {
        $this->listen();
        run_hook('LogActivity', ['description' => 'Failed Admin Login Attempt - Username: x', 'user' => 'System', 'userid' => 0, 'ipaddress' => '203.0.113.9']);
        $item = $this->items()[0];
        $this->assertSame('activity', $item['kind']);
        $this->assertSame('Failed Admin Login Attempt - Username: x', $item['text']);
        $this->assertSame(['user' => 'System', 'userid' => 0, 'ipaddress' => '203.0.113.9'], $item['params']);
    }

    public function testTheDailyRunIsRecordedAndTheFiveMinuteRunIsNot(): void
    {
        $this->listen();
        run_hook('AfterCronJob', []);
        run_hook('DailyCronJob', []);
        $this->assertSame(['DailyCronJob'], array_column($this->items(), 'hook'));
    }

    public function testACallOurOwnCodeStumblesOverIsStillReported(): void
    {
        $this->aBridge()->recorder()->hook('ClientEdit', ['redact' => [[]]] + HookTable::PLAIN_ROW, ['userid' => 5], null);
        $item = $this->items()[0];
        $this->assertSame('ClientEdit', $item['hook']);
        $this->assertStringContainsString('TypeError at Redactor.php', $item['capture_error']);
    }

    public function testAConnectionThatTheServerHasClosedIsOpenedAgain(): void
    {
        $this->listen();
        run_hook('ClientEdit', ['userid' => 5]);
        $mine = (int) $this->sql('SELECT CONNECTION_ID()')->fetchColumn();
        foreach ($this->sql('SELECT id FROM information_schema.processlist WHERE db = DATABASE()')->fetchAll(PDO::FETCH_COLUMN) as $id) {
            if ((int) $id !== $mine) {
                $this->sql('KILL ' . (int) $id);
            }
        }
        run_hook('InvoicePaid', ['invoiceid' => 7]);
        $this->assertSame(['ClientEdit', 'InvoicePaid'], array_column($this->items(), 'hook'));
        $this->assertSame("<?php exit; ?>\n", file_get_contents(glob($this->spoolFolder . '/*')[0]));
    }

    public function testALockedTableCostsHooksNothingAndLosesNothing(): void
    {
        $bridge = $this->listen();
        run_hook('ClientEdit', ['userid' => 5]);
        $other = Sealtrail\StandIn\DatabaseUrl::fromEnvironment()->connect();
        $other->exec('LOCK TABLES mod_sealtrail_outbox READ');
        $startedAt = microtime(true);
        for ($n = 0; $n < 40; $n++) {
            // As at the start of the request: items of two seconds ago are due, and a hook then tries to move them.
            $bridge->recorder()->moved();
            run_hook('InvoicePaid', ['invoiceid' => $n]);
        }
        $this->assertLessThan(self::SOON_SECONDS, microtime(true) - $startedAt, 'each waits a second, if it waits');
        $startedAt = microtime(true);
        $this->moveToOutbox();
        $this->assertLessThan(self::SOON_SECONDS, microtime(true) - $startedAt, 'it would wait for a day, if it did not give up');
        $other->exec('UNLOCK TABLES');
        $this->assertCount(41, $this->items());
    }
}
