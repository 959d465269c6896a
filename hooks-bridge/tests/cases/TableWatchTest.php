<?php

declare(strict_types=1);

use Sealtrail\Tests\BridgeCase;
use WHMCS\Module\Addon\Sealtrail\Connection;
use WHMCS\Module\Addon\Sealtrail\KnownThings;
use WHMCS\Module\Addon\Sealtrail\RequestFacts;
use WHMCS\Module\Addon\Sealtrail\Schema;
use WHMCS\Module\Addon\Sealtrail\State;
use WHMCS\Module\Addon\Sealtrail\TableReader;
use WHMCS\Module\Addon\Sealtrail\TableShapes;
use WHMCS\Module\Addon\Sealtrail\TableWatch;
use WHMCS\Module\Addon\Sealtrail\WatchedTables;

final class TableWatchTest extends BridgeCase
{
    /** @return array<int, array> table, key, before, after */
    private function changesOf(string ...$statements): array
    {
        $this->aBridge()->watch()->learn();
        $changes = [];
        $watch = $this->watchOf(['tblmissing' => WatchedTables::SMALL['tblconfiguration']] + WatchedTables::SMALL);
        $watch->begin(KnownThings::sums($this->aBridgeState()->find(KnownThings::SUMS)));
        foreach ($statements as $sql) {
            $this->sql($sql);
        }
        $watch->end(static function (...$change) use (&$changes) {
            $changes[] = $change;
        });

        return $changes;
    }

    private function aBridgeState(): State
    {
        return new State(Connection::ofBilling(), new Schema(Connection::ofBilling()));
    }

    private function watchOf(array $tables): TableWatch
    {
        $connection = Connection::ofBilling();
        $state = new State($connection, new Schema($connection));
        $shapes = new TableShapes($connection, $state);

        return new TableWatch(new TableReader($connection, $shapes, $state->salt()), new KnownThings($connection, $state), $tables);
    }

    public function testASettingIsReportedWithOldAndNewValue(): void
    {
        $this->assertSame(
            [['tblconfiguration', 'CompanyName', ['setting' => 'CompanyName', 'value' => 'Example Hosting'], ['setting' => 'CompanyName', 'value' => 'New']]],
            $this->changesOf("UPDATE tblconfiguration SET value = 'New' WHERE setting = 'CompanyName'")
        );
        $this->changesOf("UPDATE tblconfiguration SET value = 'Example Hosting' WHERE setting = 'CompanyName'");
    }

    public function testSecretSettingsAreReportedAsChangedWithoutTheirValues(): void
    {
        $changes = $this->changesOf(
            "UPDATE tblconfiguration SET value = 'smtp-Secret-2' WHERE setting = 'SMTPPassword'",
            "UPDATE tblpaymentgateways SET value = 'gateway-Secret-2' WHERE setting = 'apiSignature'",
            "INSERT INTO tbladdonmodules (module, setting, value) VALUES ('other', 'login', 'addon-Secret-1')",
            "UPDATE tbladmins SET passwordhash = 'hash-Secret-2', password_reset_key = 'reset-Secret-1' WHERE id = 8"
        );
        $this->assertSame([
            ['tblconfiguration', 'SMTPPassword', ['setting' => 'SMTPPassword', 'value' => '[redacted]'], ['setting' => 'SMTPPassword', 'value' => '[redacted:changed]']],
            ['tbladdonmodules', 'other', null, ['module' => 'other', 'login' => '[redacted:changed]']],
            ['tblpaymentgateways', 'paypal', ['gateway' => 'paypal', 'apiSignature' => '[redacted]'], ['gateway' => 'paypal', 'apiSignature' => '[redacted:changed]']],
            ['tbladmins', '8', ['id' => '8', 'username' => 'sam', 'passwordhash' => '[redacted]', 'password_reset_key' => ''], ['id' => '8', 'username' => 'sam', 'passwordhash' => '[redacted:changed]', 'password_reset_key' => '[redacted:changed]']],
        ], array_map(static function (array $change): array {
            return array_map(static function ($part) {
                return is_array($part) ? array_map('strval', $part) : $part;
            }, $change);
        }, $changes));
        $this->changesOf(
            "UPDATE tblconfiguration SET value = 'smtp-Secret-1' WHERE setting = 'SMTPPassword'",
            "UPDATE tblpaymentgateways SET value = 'gateway-Secret-1' WHERE setting = 'apiSignature'",
            "DELETE FROM tbladdonmodules WHERE module = 'other'",
            "UPDATE tbladmins SET password_reset_key = '' WHERE id = 8"
        );
    }

    public function testRolesPermissionsAndAdminsAreReported(): void
    {
        $changes = $this->changesOf(
            'INSERT INTO tbladminperms (roleid, permid) VALUES (2, 9)',
            'UPDATE tbladmins SET roleid = 1, loginattempts = 4 WHERE id = 8',
            "INSERT INTO tbladminroles (id, name, reports) VALUES (30, 'Temp', '')"
        );
        $this->assertSame(['tbladmins', 'tbladminroles', 'tbladminperms'], array_column($changes, 0));
        $this->assertEquals(['id' => 8, 'username' => 'sam', 'roleid' => 2], $changes[0][2]);
        $this->assertEquals(['id' => 8, 'username' => 'sam', 'roleid' => 1], $changes[0][3]);
        $this->assertNull($changes[1][2]);
        $this->assertSame('Temp', $changes[1][3]['name']);
        $this->assertEquals(['roleid' => 2, 'permids' => [1]], $changes[2][2]);
        $this->assertEquals(['roleid' => 2, 'permids' => [1, 9]], $changes[2][3]);
        $gone = $this->changesOf('DELETE FROM tbladminroles WHERE id = 30', 'DELETE FROM tbladminperms WHERE permid = 9', 'UPDATE tbladmins SET roleid = 2 WHERE id = 8');
        $this->assertNull($gone[1][3]);
    }

    public function testTheRowsOfAModuleOrGatewayAreOneThing(): void
    {
        $changes = $this->changesOf(
            "INSERT INTO tbladdonmodules (module, setting, value) VALUES ('backup', 'version', '1.0'), ('backup', 'access', '1')",
            "INSERT INTO tblpaymentgateways (gateway, setting, value) VALUES ('stripe', 'name', 'Stripe'), ('stripe', 'visible', 'on')"
        );
        $this->assertSame([
            ['tbladdonmodules', 'backup', null, ['module' => 'backup', 'version' => '1.0', 'access' => '1']],
            ['tblpaymentgateways', 'stripe', null, ['gateway' => 'stripe', 'name' => 'Stripe', 'visible' => 'on']],
        ], $changes);
        $changes = $this->changesOf(
            "UPDATE tbladdonmodules SET value = '1,2' WHERE module = 'backup' AND setting = 'access'",
            "UPDATE tblpaymentgateways SET value = '' WHERE gateway = 'stripe' AND setting = 'visible'"
        );
        $this->assertSame([
            ['tbladdonmodules', 'backup', ['module' => 'backup', 'access' => '1'], ['module' => 'backup', 'access' => '1,2']],
            ['tblpaymentgateways', 'stripe', ['gateway' => 'stripe', 'visible' => 'on'], ['gateway' => 'stripe', 'visible' => '']],
        ], $changes);
        $changes = $this->changesOf("DELETE FROM tbladdonmodules WHERE module = 'backup'", "DELETE FROM tblpaymentgateways WHERE gateway = 'stripe'");
        $this->assertSame([null, null], array_column($changes, 3));
    }

    public function testAnApiCallThatOnlyReadsIsNotWatched(): void
    {
        $facts = new RequestFacts(['REQUEST_METHOD' => 'POST', 'SCRIPT_NAME' => '/includes/api.php'], '');
        $this->assertSame(['nothing', 'nothing', 'all', 'all'], array_map([$facts, 'reach'], ['GetClients', 'getInvoice', 'UpdateInvoice', 'getaway']));
    }

    public function testABanThatIsOverIsNoEventAndOneThatIsLiftedIs(): void
    {
        $over = date('Y-m-d H:i:s', time() - 60);
        $running = date('Y-m-d H:i:s', time() + 600);
        $this->sql("INSERT INTO tblbannedips (id, ip, expires) VALUES (1, '203.0.113.1', '$over'), (2, '203.0.113.2', '$running')");
        $this->adminRequest('configbannedips.php');
        $bridge = $this->aBridge();
        $bridge->watch()->learn();
        $bridge->listen();
        $this->sql('DELETE FROM tblbannedips');
        $bridge->watch()->end();
        $this->assertSame(['2'], array_column($this->items(), 'key'));
    }

    public function testTheCronsOwnNotesAreToldAFewTimesADayAndAnAdminsChangeOfThemAlways(): void
    {
        if (date('H:i') === '23:59') {
            // A new day is told anew.
            time_sleep_until(strtotime('tomorrow'));
        }
        $this->sql("INSERT INTO tblconfiguration (setting, value) VALUES ('SomeCronNote', '0')");
        $this->aBridge()->watch()->learn();
        for ($n = 1; $n <= 6; $n++) {
            $_SERVER = ['SCRIPT_NAME' => '/crons/cron.php'] + array_diff_key($_SERVER, ['REQUEST_METHOD' => 1]);
            $bridge = $this->aBridge();
            $bridge->watch()->begin();
            $this->sql("UPDATE tblconfiguration SET value = '$n' WHERE setting = 'SomeCronNote'");
            $bridge->watch()->end();
        }
        $this->assertCount(3, $this->items());
        $this->adminRequest('configgeneral.php');
        $bridge = $this->aBridge();
        $bridge->watch()->begin();
        $this->sql("UPDATE tblconfiguration SET value = 'x' WHERE setting = 'SomeCronNote'");
        $bridge->watch()->end();
        $this->assertSame(['6', 'x'], [$this->items()[3]['before']['value'], $this->items()[3]['after']['value']]);
        $this->sql("DELETE FROM tblconfiguration WHERE setting = 'SomeCronNote'");
    }

    public function testAPhpThatReadsNumbersAsTextAndAColumnThatIsBinaryAreNoChange(): void
    {
        $definition = WatchedTables::filled(WatchedTables::SMALL)['tbladmins'];
        $this->assertNull(TableReader::difference(['id' => '8', 'roleid' => '2'], ['id' => 8, 'roleid' => 2], $definition));
        $this->assertNull(TableReader::difference(['roleid' => 1, 'permids' => ['1', '2']], ['roleid' => 1, 'permids' => [1, 2]], $definition));
        $this->assertNotNull(TableReader::difference(['id' => 8, 'roleid' => '2'], ['id' => 8, 'roleid' => '02'], $definition));

        $this->sql("INSERT INTO tbltax (id, name) VALUES (9, 'x')");
        $this->sql('ALTER TABLE tbltax ADD raw VARBINARY(20) NULL');
        $this->sql("UPDATE tbltax SET raw = x'fffe00' WHERE id = 9");
        try {
            $changes = $this->changesOf("UPDATE tbltax SET taxrate = 7 WHERE id = 1");
            $this->assertSame(['1'], array_column($changes, 1));
            $changes = $this->changesOf("UPDATE tbltax SET raw = x'fffe01' WHERE id = 9");
            $this->assertMatchesRegularExpression('/^\[text [0-9a-f]{12}\]$/', $changes[0][3]['raw']);
            $this->assertNotSame($changes[0][2]['raw'], $changes[0][3]['raw']);
        } finally {
            $this->sql('ALTER TABLE tbltax DROP raw');
            $this->sql('DELETE FROM tbltax WHERE id = 9');
            $this->sql('UPDATE tbltax SET taxrate = 19 WHERE id = 1');
        }
    }

    public function testAKeyLongerThanOurTableHoldsIsStillOneThing(): void
    {
        $this->sql('ALTER TABLE tblconfiguration MODIFY setting VARCHAR(400) NOT NULL');
        $long = str_repeat('x', 300);
        $this->sql("INSERT INTO tblconfiguration (setting, value) VALUES ('{$long}1', 'a'), ('{$long}2', 'a')");
        try {
            $changes = $this->changesOf("UPDATE tblconfiguration SET value = 'b' WHERE setting = '{$long}2'");
            $this->assertCount(1, $changes);
            $this->assertSame([$long . '2', 'b'], [$changes[0][3]['setting'], $changes[0][3]['value']]);
        } finally {
            $this->sql("DELETE FROM tblconfiguration WHERE setting LIKE '$long%'");
        }
    }

    public function testTwoRequestsThatOverlapTellAChangeOnce(): void
    {
        $this->adminRequest('configgeneral.php');
        $this->aBridge()->watch()->learn();
        $requests = [$this->aBridge(), $this->aBridge()];
        foreach ($requests as $bridge) {
            $bridge->watch()->begin();
        }
        $this->sql("UPDATE tblconfiguration SET value = 'Once' WHERE setting = 'CompanyName'");
        foreach ($requests as $bridge) {
            $bridge->watch()->end();
        }
        $this->assertCount(1, $this->items());
        $this->sql("UPDATE tblconfiguration SET value = 'Example Hosting' WHERE setting = 'CompanyName'");
    }

    public function testARequestLearnsWhatWasNeverLearnt(): void
    {
        $this->adminRequest();
        $first = $this->aBridge();
        $first->listen();
        $first->watch()->end();
        $this->assertGreaterThan(0, (int) $this->sql("SELECT COUNT(*) FROM mod_sealtrail_known_things WHERE tbl = 'tblconfiguration'")->fetchColumn());
        $this->assertSame([], $this->items());
    }

    public function testATableOrColumnThatIsMissingDoesNoHarm(): void
    {
        $this->sql('ALTER TABLE tbladmins CHANGE authmodule authmodule_gone VARCHAR(64)');
        $this->sql('RENAME TABLE tblpaymentgateways TO tblpaymentgateways_gone');
        try {
            $this->assertCount(1, $this->changesOf("UPDATE tbladmins SET email = 'x@example.com' WHERE id = 7"));
        } finally {
            $this->sql('RENAME TABLE tblpaymentgateways_gone TO tblpaymentgateways');
            $this->sql('ALTER TABLE tbladmins CHANGE authmodule_gone authmodule VARCHAR(64)');
        }
        $away = $this->aBridge('', $this->databaseAway())->watch();
        $this->adminRequest();
        $away->begin();
        $away->end();
        $this->assertFalse($away->isOpen());
    }

    public function requests(): array
    {
        return [
            ['POST', '/admin/configgeneral.php', '', 'all'], ['GET', '/admin/configadmins.php', 'action=delete&id=3', 'all'],
            ['GET', '/admin/index.php', 'rp=%2Fadmin%2Fusers%2F9%2Fdelete', 'all'], ['POST', '/crons/cron.php', '', 'all'],
            ['GET', '/admin/index.php', 'x=1', 'nothing'], ['GET', '/admin/index.php', 'transaction=1', 'nothing'],
            ['POST', '/includes/api.php', '', 'all'], ['POST', '/clientarea.php', '', 'named'], ['GET', '/clientarea.php', 'action=details', 'nothing'],
            ['POST', '/whmcs/backoffice/configgeneral.php', '', 'all'], ['POST', '/modules/gateways/callback/paypal.php', '', 'named'],
            ['POST', '/modules/addons/api.php', '', 'named'],
        ];
    }

    /** @dataProvider requests */
    public function testOnlyRequestsThatCanChangeSettingsAreWatched(string $method, string $script, string $query, string $reach): void
    {
        $server = ['REQUEST_METHOD' => $method, 'SCRIPT_NAME' => $script, 'QUERY_STRING' => $query];
        $path = strpos($script, 'backoffice') === false ? '' : 'backoffice';
        $this->assertSame($reach, (new RequestFacts($server, $path))->reach());
    }

    public function testAChangeIsReportedAtTheEndOfTheRequestWithItsActor(): void
    {
        list($exit) = $this->fire('-', [], ['--admin=7', "--sql=UPDATE tblconfiguration SET value = 'Third' WHERE setting = 'CompanyName'"]);
        $this->assertSame(0, $exit);
        $items = array_values(array_filter($this->items(), static function (array $item): bool {
            return ($item['key'] ?? '') === 'CompanyName';
        }));
        $this->assertSame('table_change', $items[0]['kind']);
        $this->assertSame('jane', $items[0]['actor']['name']);
        $this->assertSame('Third', $items[0]['after']['value']);
    }
}
