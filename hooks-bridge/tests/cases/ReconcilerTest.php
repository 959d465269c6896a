<?php

declare(strict_types=1);

use Sealtrail\StandIn\StandIn;
use Sealtrail\Tests\BridgeCase;
use WHMCS\Module\Addon\Sealtrail\KnownRows;

final class ReconcilerTest extends BridgeCase
{
    protected function setUp(): void
    {
        parent::setUp();
        StandIn::activateModule('sealtrail');
        $this->sql('DELETE FROM mod_sealtrail_outbox');
        $this->aBridge()->watch()->learn();
        $this->aBridge()->reconcile();
        $this->assertSame([], $this->items(), 'the first run only learns');
    }

    protected function tearDown(): void
    {
        $this->sql('DELETE FROM tblinvoices WHERE id <> 123');
        $this->sql("REPLACE INTO tblinvoices (id, userid, invoicenum, date, duedate, subtotal, total, notes) VALUES (123, 5, '2026-0123', '2026-11-01', '2026-11-15', 99.00, 99.00, '')");
        $this->sql("REPLACE INTO tblaccounts (id, userid, gateway, date, description, amountin, transid, invoiceid) VALUES (31, 5, 'paypal', '2026-11-02 10:00:00', 'Invoice Payment', 99.00, 'T-31', 123)");
        $this->sql('UPDATE tblclients SET credit = 0');
        $this->sql('DELETE FROM tblaccounts WHERE id <> 31');
        $this->sql('DELETE FROM tblcredit WHERE id <> 11');
        $this->sql('UPDATE tblcredit SET amount = 10');
        $this->sql("UPDATE tblconfiguration SET value = 'smtp-Secret-1' WHERE setting = 'SMTPPassword'");
        $this->sql("UPDATE tblconfiguration SET value = 'Example Hosting' WHERE setting = 'CompanyName'");
        $this->sql("UPDATE tblpaymentgateways SET value = 'gateway-Secret-1' WHERE setting = 'apiSignature'");
        $this->sql('UPDATE tbladmins SET roleid = 2 WHERE id = 8');
        $this->sql('DELETE FROM tbladminperms WHERE permid = 9');
        parent::tearDown();
    }

    private function unexplained(): array
    {
        $this->moveToOutbox();
        $this->sql('DELETE FROM mod_sealtrail_outbox');
        $this->aBridge()->reconcile();
        $found = [];
        foreach ($this->items() as $item) {
            $this->assertTrue($item['unexplained']);
            $this->assertSame(['unknown', null], [$item['actor']['type'], $item['actor']['name']]);
            $this->assertSame('cron', $item['request']['via']);
            $found[$item['table'] . ' ' . $item['key']] = [$item['before'], $item['after']];
        }

        return $found;
    }

    public function testDirectEditsAreFoundWithinOneRunAndToldOnce(): void
    {
        $this->sql("UPDATE tblinvoices SET status = 'Paid' WHERE id = 123");
        $this->sql('DELETE FROM tblaccounts WHERE id = 31');
        $this->sql("INSERT INTO tblcredit (id, clientid, description, amount) VALUES (99, 5, 'gift', 500)");
        $this->sql('UPDATE tblcredit SET amount = 1000 WHERE id = 11');
        $this->sql('UPDATE tblclients SET credit = 500 WHERE id = 5');
        $this->sql('UPDATE tbladmins SET roleid = 1 WHERE id = 8');
        $this->sql('INSERT INTO tbladminperms (roleid, permid) VALUES (2, 9)');
        $this->sql("UPDATE tblpaymentgateways SET value = 'gateway-Secret-2' WHERE setting = 'apiSignature'");
        $this->sql("UPDATE tblconfiguration SET value = 'Other' WHERE setting = 'CompanyName'");
        $this->sql("UPDATE tblconfiguration SET value = 'smtp-Secret-2' WHERE setting = 'SMTPPassword'");
        $found = $this->unexplained();
        $this->assertEqualsCanonicalizing([
            'tblinvoices 123', 'tblaccounts 31', 'tblcredit 99', 'tblcredit 11', 'tblclients 5', 'tbladmins 8', 'tbladminperms 2',
            'tblpaymentgateways paypal', 'tblconfiguration CompanyName', 'tblconfiguration SMTPPassword',
        ], array_keys($found));
        $this->assertSame([['id' => '123', 'userid' => '5', 'status' => 'Unpaid'], ['id' => '123', 'userid' => '5', 'status' => 'Paid']], $found['tblinvoices 123']);
        $this->assertSame(['T-31', null], [$found['tblaccounts 31'][0]['transid'], $found['tblaccounts 31'][1]]);
        $this->assertSame([null, '500.00'], [$found['tblcredit 99'][0], $found['tblcredit 99'][1]['amount']]);
        $this->assertSame(['0.00', '500.00'], [$found['tblclients 5'][0]['credit'], $found['tblclients 5'][1]['credit']]);
        $this->assertSame(['[redacted]', '[redacted:changed]'], [$found['tblpaymentgateways paypal'][0]['apiSignature'], $found['tblpaymentgateways paypal'][1]['apiSignature']]);
        $this->assertStringNotContainsString('Secret', $this->outboxText());
        $this->assertStringNotContainsString('Secret', implode('', $this->sql('SELECT body FROM mod_sealtrail_known_things')->fetchAll(PDO::FETCH_COLUMN)));
        $this->assertSame([], $this->unexplained(), 'told once');
    }

    public function testWhatWentThroughWhmcsIsExplained(): void
    {
        $_SERVER = ['REQUEST_METHOD' => 'POST', 'SCRIPT_NAME' => '/modules/gateways/callback/paypal.php'] + $_SERVER;
        $bridge = $this->aBridge();
        $GLOBALS['hooks'] = [];
        $bridge->listen();
        $this->sql("UPDATE tblinvoices SET status = 'Paid', credit = 10 WHERE id = 123");
        run_hook('InvoicePaid', ['invoiceid' => 123]);
        $this->sql("INSERT INTO tblaccounts (id, userid, description, amountin, invoiceid) VALUES (32, 5, '', 89, 123)");
        run_hook('AddInvoicePayment', ['invoiceid' => 123]);
        $this->sql("INSERT INTO tblaccounts (id, userid, description, amountin) VALUES (33, 5, '', 1)");
        run_hook('AddTransaction', ['id' => 33, 'userid' => 5]);
        $this->sql("INSERT INTO tblcredit (id, clientid, description, amount) VALUES (98, 5, '', -10)");
        $this->sql('UPDATE tblclients SET credit = 40 WHERE id = 5');
        $this->sql("INSERT INTO tblinvoices (id, userid, notes) VALUES (124, 6, '')");
        run_hook('InvoiceCreated', ['invoiceid' => 124, 'source' => 'autogen']);
        $bridge->watch()->end();
        $this->assertSame([], $this->unexplained());
        $this->sql('UPDATE tblinvoices SET total = 1 WHERE id = 124');
        $this->sql('DELETE FROM tblaccounts WHERE id = 33');
        $this->assertSame(['tblinvoices 124', 'tblaccounts 33'], array_keys($this->unexplained()), 'and watched from then on');
    }

    public function testSettingsChangedByAnAdminAreExplainedAndADirectEditBeforeHerRequestIsStillFound(): void
    {
        $this->sql("UPDATE tblconfiguration SET value = 'Sneaked' WHERE setting = 'CompanyName'");
        $this->adminRequest('configgeneral.php');
        $_SESSION['adminid'] = 7;
        $bridge = $this->aBridge();
        $bridge->listen();
        $this->sql("UPDATE tblconfiguration SET value = 'smtp-Secret-3' WHERE setting = 'SMTPPassword'");
        $bridge->watch()->end();
        $this->assertSame(['SMTPPassword'], array_column($this->items(), 'key'));
        $this->assertSame(['tblconfiguration CompanyName'], array_keys($this->unexplained()));
    }

    public function testADeletedClientTakesItsMoneyAlongWithoutAnAlarm(): void
    {
        $this->sql("INSERT INTO tblinvoices (id, userid, notes) VALUES (125, 77, ''), (126, 77, '')");
        $this->unexplained();
        $bridge = $this->aBridge();
        $bridge->listen();
        run_hook('PreDeleteClient', ['userid' => 77]);
        $this->sql('DELETE FROM tblinvoices WHERE userid = 77');
        run_hook('ClientDelete', ['userid' => 77]);
        $bridge->watch()->end();
        $this->assertSame([], $this->unexplained());
    }

    public function testRowsAreComparedByRangesAndAtBothEnds(): void
    {
        $this->sql('INSERT INTO tblinvoices (id, userid, notes) SELECT 1000 + a.id * 100 + b.id, 5, \'\' FROM tblconfiguration a, tblconfiguration b');
        $this->sql("INSERT INTO tblinvoices (id, userid, notes) VALUES (5000000, 5, '')");
        $this->unexplained();
        $this->sql('DELETE FROM tblinvoices WHERE id IN (5000000, 123)');
        $this->sql('UPDATE tblinvoices SET total = 7 WHERE id = 1101');
        $this->assertEqualsCanonicalizing(['tblinvoices 5000000', 'tblinvoices 123', 'tblinvoices 1101'], array_keys($this->unexplained()));
        $this->assertLessThan(KnownRows::MOST_DIFFERENCES, 1000);
    }

    public function testANewColumnAndATableThatVanishedAreNoAlarm(): void
    {
        $this->sql('ALTER TABLE tblinvoices ADD taxrate2 DECIMAL(10,2) NOT NULL DEFAULT 0');
        $this->sql('ALTER TABLE tbltax ADD compound TINYINT NOT NULL DEFAULT 0');
        $this->sql('RENAME TABLE tblcurrencies TO tblcurrencies_away');
        try {
            $this->assertSame([], $this->unexplained());
            $this->sql("UPDATE tbltax SET compound = 1 WHERE id = 1");
            $this->assertSame(['tbltax 1'], array_keys($this->unexplained()));
        } finally {
            $this->sql('RENAME TABLE tblcurrencies_away TO tblcurrencies');
            $this->sql('ALTER TABLE tblinvoices DROP taxrate2');
            $this->sql('ALTER TABLE tbltax DROP compound');
        }
    }

    public function testAnUpgradeOfWhmcsIsNamedAsOne(): void
    {
        $this->sql("UPDATE tblconfiguration SET value = '9.0.2-release.1' WHERE setting = 'Version'");
        $this->aBridge()->reconcile();
        $item = $this->items()[0];
        $this->assertSame(['Version', '9.0.1-release.1', '9.0.2-release.1', false], [$item['key'], $item['before']['value'], $item['after']['value'], isset($item['unexplained'])]);
        $this->sql("UPDATE tblconfiguration SET value = '9.0.1-release.1' WHERE setting = 'Version'");
    }

    public function testTheCronFindsThemToo(): void
    {
        $this->sql("UPDATE tblconfiguration SET value = 'Sneaked' WHERE setting = 'CompanyName'");
        $this->sql("UPDATE tblinvoices SET status = 'Paid' WHERE id = 123");
        $this->php([__DIR__ . '/../whmcs/crons/cron.php']);
        $this->assertSame(['tblconfiguration'], array_column($this->items(), 'table'), 'every run compares the small tables');
        $this->php([__DIR__ . '/../whmcs/crons/cron.php', '--daily']);
        $this->assertContains('tblinvoices', array_column($this->items(), 'table'));
    }

    public function testRecentRowsMissingFromTheActivityLogAreToldAndAPrunedLogIsNot(): void
    {
        $this->sql('DELETE FROM tblactivitylog');
        $rows = implode(', ', array_fill(0, 50, "(NOW(), 'x', 'System')"));
        $this->sql("INSERT INTO tblactivitylog (date, description, user) VALUES $rows");
        $this->aBridge()->reconcile();
        $this->sql('DELETE FROM tblactivitylog ORDER BY id DESC LIMIT 7');
        $this->moveToOutbox();
        $this->sql('DELETE FROM mod_sealtrail_outbox');
        $this->aBridge()->reconcile();
        $items = $this->items();
        $this->assertSame(['activity_log.purged', 7], [$items[0]['watch'], $items[0]['params']['missing']]);
        $this->aBridge()->reconcile();
        $this->assertCount(1, $this->items(), 'told once');

        $this->sql("INSERT INTO tblconfiguration (setting, value) VALUES ('ActivityLimit', '30')");
        $this->sql('DELETE FROM tblactivitylog ORDER BY id LIMIT 20');
        $this->aBridge()->reconcile();
        $this->assertNotContains('activity_log.purged', array_slice(array_column($this->items(), 'watch'), 1));
        $this->sql("DELETE FROM tblconfiguration WHERE setting = 'ActivityLimit'");
    }
}
