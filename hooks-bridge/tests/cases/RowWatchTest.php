<?php

declare(strict_types=1);

use Sealtrail\Tests\BridgeCase;
use WHMCS\Module\Addon\Sealtrail\NamedIds;

/** Whole requests against the stand-in's tables: what they change without a hook, and old values for hooks that have none. */
final class RowWatchTest extends BridgeCase
{
    protected function setUp(): void
    {
        parent::setUp();
        foreach (['tblinvoices', 'tblaccounts', 'tblcredit', 'tblnotes', 'tblpaymethods', 'tbltickets', 'tblticketreplies', 'tblticketnotes', 'tbldomains', 'tblhosting', 'tblusers', 'tblusers_clients', 'tblclients', 'tblproducts'] as $table) {
            $this->sql("CREATE TABLE IF NOT EXISTS kept_$table AS SELECT * FROM $table");
        }
        // A payment that another test made.
        $this->sql("UPDATE tblinvoices SET status = 'Unpaid', datepaid = NULL WHERE id = 123");
    }

    protected function tearDown(): void
    {
        foreach ($this->sql("SHOW TABLES LIKE 'kept\\_%'")->fetchAll(PDO::FETCH_COLUMN) as $kept) {
            $table = substr($kept, strlen('kept_'));
            $this->sql("DELETE FROM $table");
            $this->sql("INSERT INTO $table SELECT * FROM $kept");
            $this->sql("DROP TABLE $kept");
        }
        $_GET = [];
        parent::tearDown();
    }

    /** @param array $work statements, or [hook, params] to run between them */
    private function request(string $script, array $post, array $work, string $method = 'POST'): array
    {
        $this->adminRequest($script, $method);
        $_SESSION['adminid'] = 7;
        $_POST = $post;
        $GLOBALS['hooks'] = [];
        $bridge = $this->aBridge();
        $bridge->watch()->learn();
        $this->moveToOutbox();
        $this->sql('DELETE FROM mod_sealtrail_outbox');
        $bridge->listen();
        foreach ($work as $step) {
            is_array($step) ? run_hook(...$step) : $this->sql($step);
        }
        $bridge->watch()->end();

        return $this->items();
    }

    private function clientRequest(array $post, array $work): array
    {
        $_SERVER = ['REQUEST_METHOD' => 'POST', 'SCRIPT_NAME' => '/index.php', 'REMOTE_ADDR' => '203.0.113.7'] + $_SERVER;
        $_SESSION = ['uid' => 5, 'login_auth_user' => 9];
        $_POST = $post;
        $bridge = $this->aBridge();
        $bridge->listen();
        foreach ($work as $step) {
            is_array($step) ? run_hook(...$step) : $this->sql($step);
        }
        $bridge->watch()->end();

        return $this->items();
    }

    private static function change(array $item): array
    {
        return [$item['table'], $item['key'], $item['before'], $item['after']];
    }

    public function quietChanges(): array
    {
        return [
            'invoice deleted' => ['invoices.php', ['id' => '123'], 'DELETE FROM tblinvoices WHERE id = 123', 'tblinvoices', '123', ['status' => 'Unpaid', 'total' => '99.00'], null],
            'invoice updated' => ['invoices.php', ['id' => '123'], "UPDATE tblinvoices SET duedate = '2027-01-01', notes = 'x' WHERE id = 123", 'tblinvoices', '123', ['duedate' => '2026-11-15', 'notes' => ''], ['duedate' => '2027-01-01', 'notes' => 'x']],
            'invoice status' => ['invoices.php', ['selectedinvoices' => ['123']], "UPDATE tblinvoices SET status = 'Collections' WHERE id = 123", 'tblinvoices', '123', ['status' => 'Unpaid'], ['status' => 'Collections']],
            'transaction updated' => ['transactions.php', ['id' => '31'], 'UPDATE tblaccounts SET amountin = 1 WHERE id = 31', 'tblaccounts', '31', ['amountin' => '99.00'], ['amountin' => '1.00']],
            'transaction deleted' => ['invoices.php', ['invoiceid' => '123'], 'DELETE FROM tblaccounts WHERE id = 31', 'tblaccounts', '31', ['transid' => 'T-31', 'amountin' => '99.00'], null],
            'transaction moved' => ['invoices.php', ['invoiceid' => '123'], 'UPDATE tblaccounts SET invoiceid = 7 WHERE id = 31', 'tblaccounts', '31', ['invoiceid' => 123], ['invoiceid' => 7]],
            'note changed' => ['clientsnotes.php', ['userid' => '5'], "UPDATE tblnotes SET note = 'Pays early' WHERE id = 21", 'tblnotes', '21', ['note' => 'Pays late'], ['note' => 'Pays early']],
            'note added' => ['clientsnotes.php', ['userid' => '5'], "INSERT INTO tblnotes (id, userid, note) VALUES (22, 5, 'New')", 'tblnotes', '22', null, ['note' => 'New', 'userid' => 5]],
            'pay method deleted' => ['clientssummary.php', ['userid' => '5'], 'DELETE FROM tblpaymethods WHERE id = 41', 'tblpaymethods', '41', ['gateway_name' => 'stripe'], null],
            'user deleted' => ['index.php', ['rp' => '/admin/user/9/delete'], 'DELETE FROM tblusers WHERE id = 9', 'tblusers', '9', ['email' => 'grace@example.com', 'password' => '[redacted]'], null],
            'user unlinked' => ['clientssummary.php', ['clientid' => '5'], 'DELETE FROM tblusers_clients WHERE client_id = 5', 'tblusers_clients', '1', ['auth_user_id' => 9, 'client_id' => 5], null],
            'owner changed' => ['clientssummary.php', ['clientid' => '5'], 'UPDATE tblusers_clients SET owner = 0 WHERE client_id = 5', 'tblusers_clients', '1', ['owner' => 1], ['owner' => 0]],
            'reply edited' => ['supporttickets.php', ['editid' => '61'], "UPDATE tblticketreplies SET message = 'Never said' WHERE id = 61", 'tblticketreplies', '61', ['message' => 'We are looking'], ['message' => 'Never said']],
            'ticket note deleted' => ['supporttickets.php', ['id' => '51'], 'DELETE FROM tblticketnotes WHERE id = 71', 'tblticketnotes', '71', ['ticketid' => 51], null],
            'id protection' => ['clientsdomains.php', ['id' => '4'], 'UPDATE tbldomains SET idprotection = 1 WHERE id = 4', 'tbldomains', '4', ['idprotection' => 0], ['idprotection' => 1]],
            'credit added' => ['clientscredits.php', ['userid' => '5'], "INSERT INTO tblcredit (id, clientid, admin_id, description, amount) VALUES (12, 5, 7, 'Sorry', 25)", 'tblcredit', '12', null, ['clientid' => 5, 'amount' => '25.00', 'description' => 'Sorry']],
        ];
    }

    /** @dataProvider quietChanges */
    public function testAChangeWithoutAHookIsReportedWithWhoAndOldAndNew(string $script, array $post, string $sql, string $table, string $key, ?array $before, ?array $after): void
    {
        $items = $this->request($script, $post, [$sql]);
        $this->assertCount(1, $items, (string) json_encode($items));
        $this->assertSame(['table_change', $table, $key, 'jane'], [$items[0]['kind'], $items[0]['table'], $items[0]['key'], $items[0]['actor']['name']]);
        $this->assertArrayNotHasKey('unexplained', $items[0]);
        foreach (['before' => $before, 'after' => $after] as $side => $wanted) {
            $this->assertEquals($wanted, $wanted === null ? $items[0][$side] : array_intersect_key((array) $items[0][$side], $wanted), $side);
        }
    }

    public function testARequestThatCannotChangeAnythingDoesNotEvenConnect(): void
    {
        $this->adminRequest('invoices.php', 'GET');
        $asked = 0;
        $bridge = $this->aBridge('', static function () use (&$asked): array {
            $asked++;

            return [];
        });
        $_GET = ['id' => '123'];
        $bridge->listen();
        $bridge->watch()->end();
        $this->assertSame(0, $asked);
    }

    public function testTicketHooksGetTheirOldValueAndAreNotToldTwice(): void
    {
        $items = $this->request('supporttickets.php', ['id' => '51'], [
            "UPDATE tbltickets SET status = 'Closed', urgency = 'High', did = 2, title = 'Fast site', flag = 7 WHERE id = 51",
            ['TicketStatusChange', ['ticketid' => 51, 'status' => 'Closed', 'adminid' => 7]],
            ['TicketPriorityChange', ['ticketid' => 51, 'priority' => 'High']],
            ['TicketDepartmentChange', ['ticketid' => 51, 'deptid' => 2, 'deptname' => 'Sales']],
            ['TicketSubjectChange', ['ticketid' => 51, 'subject' => 'Fast site']],
            ['TicketFlagged', ['ticketid' => 51, 'adminid' => 7, 'adminname' => 'jane']],
        ]);
        $this->assertEquals(
            [['status' => 'Open'], ['priority' => 'Medium'], ['deptid' => 1], ['subject' => 'Slow site'], ['adminid' => 0]],
            array_column($items, 'before')
        );
    }

    public function testHooksThatOnlySayWhichRowChangedGetWhatChanged(): void
    {
        $items = $this->request('clientsservices.php', ['id' => '3', 'userid' => '5'], [
            "UPDATE tblhosting SET domainstatus = 'Suspended', amount = 1, password = 'service-Secret-2' WHERE id = 3",
            ['AdminServiceEdit', ['userid' => 5, 'serviceid' => 3]],
        ]);
        $this->assertCount(1, $items);
        $this->assertEquals(['id' => 3, 'userid' => 5, 'domain' => 'example.com', 'domainstatus' => 'Active', 'amount' => '9.90', 'password' => '[redacted]'], $items[0]['before']);
        $this->assertSame(['Suspended', '1.00', '[redacted:changed]'], [$items[0]['params']['domainstatus'], $items[0]['params']['amount'], $items[0]['params']['password']]);

        $items = $this->request('invoices.php', ['id' => '123'], [
            "UPDATE tblinvoices SET status = 'Paid', datepaid = '2026-11-21 10:00:00' WHERE id = 123",
            ['InvoicePaid', ['invoiceid' => 123]],
        ]);
        $this->assertCount(1, $items, 'the status is told with the hook, and only there');
        $this->assertSame(['Unpaid', 'Paid'], [$items[0]['before']['status'], $items[0]['params']['status']]);
    }

    public function testWhatIsDeletedLeavesItsLastState(): void
    {
        $items = $this->request('clientsdomains.php', ['domainid' => '4', 'userid' => '5'], [
            'DELETE FROM tbldomains WHERE id = 4',
            ['DomainDelete', ['userid' => 5, 'domainid' => 4]],
        ]);
        $this->assertCount(1, $items);
        $this->assertSame(['example.com', 'enom'], [$items[0]['before']['domain'], $items[0]['before']['registrar']]);
    }

    public function testAProductEditTellsOldValuesAndWhetherTheProductIsNew(): void
    {
        $items = $this->request('configproducts.php', ['id' => '1'], [
            "UPDATE tblproducts SET name = 'Big Hosting' WHERE id = 1",
            ['ProductEdit', ['pid' => 1, 'name' => 'Big Hosting', 'type' => 'hostingaccount', 'hidden' => false]],
            "INSERT INTO tblproducts (id, name, description) VALUES (9, 'Fresh', '')",
            ['ProductEdit', ['pid' => 9, 'name' => 'Fresh']],
        ]);
        $this->assertSame(['ProductEdit', 'ProductEdit'], array_column($items, 'hook'));
        $this->assertCount(2, $items);
        $this->assertSame(['Starter Hosting', false], [$items[0]['before']['name'], $items[0]['before']['hidden']]);
        $this->assertTrue($items[1]['params']['pid_is_new']);
    }

    public function testADowngradeAndAPasswordSetByResetLinkAreSaidToBeOne(): void
    {
        $this->sql("UPDATE tblusers SET reset_token = 'reset-Secret-9' WHERE id = 9");
        $items = $this->clientRequest(['email' => 'grace@example.com'], [
            "UPDATE tblusers SET reset_token = '', password = 'new-Secret-hash' WHERE id = 9",
            ['UserChangePassword', ['userid' => 9, 'password' => 'clear-Secret']],
            ['AfterProductUpgrade', ['upgradeid' => 81]],
        ]);
        $this->assertTrue($items[0]['params']['reset_token_was_open']);
        $this->assertTrue($items[1]['params']['recurring_price_lower']);
        $this->assertSame(['tblusers', '9', ['id' => 9, 'email' => 'grace@example.com', 'password' => '[redacted]', 'reset_token' => '[redacted]'], ['id' => 9, 'email' => 'grace@example.com', 'password' => '[redacted:changed]', 'reset_token' => '']], self::change($items[2]));
        $this->assertStringNotContainsString('Secret', $this->outboxText());
    }

    public function testAClientsOwnRequestTellsItsSecondFactorAndItsCredit(): void
    {
        $items = $this->clientRequest([], [
            "UPDATE tblusers SET second_factor = 'totp', second_factor_config = 'totp-Secret-seed' WHERE id = 9",
            "INSERT INTO tblcredit (id, clientid, description, amount) VALUES (13, 5, 'Credit Applied to Invoice #123', -10)",
        ]);
        $this->assertSame(['tblusers', 'tblcredit'], array_column($items, 'table'));
        $this->assertSame(['', 'totp'], [$items[0]['before']['second_factor'], $items[0]['after']['second_factor']]);
        $this->assertSame('-10.00', $items[1]['after']['amount']);
        $this->assertSame('user', $items[0]['actor']['type']);
        $this->assertStringNotContainsString('Secret', $this->outboxText());
    }

    public function testIdsAreTakenFromParametersPagesAndRoutes(): void
    {
        $this->assertSame(
            ['invoice' => [7 => 7, 8 => 8], 'user' => [9 => 9], 'client' => [5 => 5]],
            NamedIds::of('invoices.php', ['id' => '7', 'rp' => '/admin/user/9/edit'], ['invoiceid' => ['8', 'x', '-1', '99999999999', ['1']], 'page' => '3'], ['uid' => 5])
        );
        $this->assertCount(50, NamedIds::of('x.php', [], ['selectedinvoices' => range(1, 500)], [])['invoice']);
    }
}
