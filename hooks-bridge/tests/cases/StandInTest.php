<?php

declare(strict_types=1);

use Sealtrail\StandIn\StandIn;
use Sealtrail\Tests\BridgeCase;
use Sealtrail\Tests\Endpoint;
use Sealtrail\Tests\Visit;

/** Whole requests in processes of their own: the command line, the cron, and the admin area under PHP's web server. */
final class StandInTest extends BridgeCase
{
    private $endpoint;
    private $visit;

    protected function setUp(): void
    {
        parent::setUp();
        $this->endpoint = new Endpoint();
        StandIn::activateModule('sealtrail');
        $this->sql('TRUNCATE mod_sealtrail_outbox');
        StandIn::moduleSetting('sealtrail', 'sidecar_url', $this->endpoint->url());
        StandIn::moduleSetting('sealtrail', 'bridge_id', 'bridge-1');
        $this->aBridge()->watch()->learn();
    }

    /** With another endpoint: what one was sent in vain may still arrive there. */
    private function startAgain(): void
    {
        $this->tearDown();
        $this->setUp();
    }

    protected function tearDown(): void
    {
        if ($this->visit !== null) {
            $this->visit->end();
        }
        $this->endpoint->stop();
        $this->sql("DELETE FROM tbladdonmodules WHERE module = 'sealtrail'");
        parent::tearDown();
    }

    private function hooksSent(): array
    {
        $sent = [];
        foreach ($this->endpoint->deliveries() as $delivery) {
            foreach ($delivery['events'] as $event) {
                $sent[] = $event['hook'] ?? $event['table'] . ' ' . $event['key'];
            }
        }

        return $sent;
    }

    public function testFireDeliversBehindTheRequest(): void
    {
        for ($try = 1; $try === 1 || ($this->waiting() > 0 && $try <= self::MOST_TRIES); $try++) {
            $try === 1 ?: $this->startAgain();
            list($exit, $out, $err) = $this->fire('InvoicePaid', ['invoiceid' => 123], ['--callback=paypal']);
            $this->assertSame([0, '{"hook":"InvoicePaid","returned":[]}' . "\n", ''], [$exit, $out, $err]);
        }
        $this->assertSame(0, $this->waiting());
        $this->assertSame(['InvoicePaid'], $this->hooksSent());
    }

    public function testFireRefusesWhatItDoesNotKnow(): void
    {
        $this->assertSame(2, $this->fire('InvoicePaid', [], ['--amdin=7'])[0]);
    }

    public function testASidecarThatHangsDoesNotHoldUpACommandForMoreThanASecond(): void
    {
        $this->endpoint->answer(['status' => 200, 'delay_ms' => self::HANG_MS]);
        $startedAt = microtime(true);
        $this->assertSame(0, $this->fire('InvoicePaid', ['invoiceid' => 123], ['--callback=paypal'])[0]);
        $this->assertLessThan(self::SOON_SECONDS, microtime(true) - $startedAt);
        $this->assertSame(1, $this->waiting());
    }

    public function testTheCronDeliversWhatIsWaitingAndTheDailyRunIsRecorded(): void
    {
        $this->aBridge()->recorder()->hook('ClientEdit', ['redact' => [], 'minimise' => []], ['userid' => 5], null);
        $this->moveToOutbox();
        list($exit, $out, $err) = $this->php([__DIR__ . '/../whmcs/crons/cron.php', '--daily'], ['SEALTRAIL_BRIDGE_SECRET' => self::SECRET]);
        $this->assertSame([0, '', ''], [$exit, $out, $err]);
        $this->assertSame(['ClientEdit', 'DailyCronJob'], $this->hooksSent());
        $this->assertSame('system', $this->endpoint->deliveries()[0]['events'][1]['actor']['type']);
        $this->assertSame(0, $this->waiting());
    }

    public function testAPersonClicksThroughTheAdminArea(): void
    {
        $this->visit = new Visit();
        $this->assertStringContainsString('incorrect', $this->visit->submit('/admin/login.php', '/admin/dologin.php', ['username' => 'admin', 'password' => 'wrong']));
        $this->assertStringContainsString('Signed in', $this->visit->submit('/admin/login.php', '/admin/dologin.php', ['username' => 'admin', 'password' => 'admin-password']));
        $this->assertStringContainsString('Changes saved', $this->visit->submit('/admin/clientsprofile.php?userid=5', null, ['firstname' => '<b>Grace</b>', 'lastname' => 'H']));
        $this->visit->submit('/admin/configproducts.php?id=1', null, ['name' => 'Starter', 'description' => 'x']);
        $this->visit->submit('/admin/configgateways.php', null, ['name' => 'PayPal', 'visible' => 'on', 'apiSignature' => 'gateway-Secret-9']);
        $this->visit->submit('/admin/configgeneral.php', null, ['CompanyName' => 'Example Hosting', 'SMTPPassword' => 'smtp-Secret-9', 'TrustedProxyIps' => '10.0.0.5']);
        $this->visit->submit('/admin/configadmins.php?id=8', null, ['email' => 'sam@example.com', 'roleid' => '1', 'password' => 'new-Secret-9']);
        $this->visit->submit('/admin/configaddonmods.php', null, ['sidecar_url' => $this->endpoint->url(), 'bridge_id' => 'bridge-1', 'secret' => self::SECRET, 'access' => ['1']]);
        $this->assertSame([], $this->endpoint->deliveries(), 'this web server cannot close a page early, so nothing is sent behind it');

        $this->visit->submit('/admin/myaccount.php', null, ['language' => 'chinese-tw']);
        $page = $this->visit->get('/admin/addonmodules.php?module=sealtrail&tab=bridge');
        $this->assertStringContainsString('橋接端狀態', $page);
        $this->assertStringContainsString('alert-success', $this->visit->submit('/admin/addonmodules.php?module=sealtrail&tab=bridge', null, ['sealtrail_action' => 'test']));
        $this->assertStringContainsString('alert-success', $this->visit->submit('/admin/addonmodules.php?module=sealtrail&tab=bridge', null, ['sealtrail_action' => 'deliver']));
        $this->visit->get('/admin/logout.php');

        $this->assertSame([
            'LogActivity', 'AdminLogin', 'ClientEdit', 'LogActivity', 'ProductEdit',
            'tblpaymentgateways paypal', 'tblconfiguration SMTPPassword', 'tbladmins 8',
            'AddonModuleConfigSave', 'tbladdonmodules sealtrail', 'tbladmins 1',
        ], $this->hooksSent());
        $text = implode('', array_column($this->endpoint->deliveries(), 'json')) . $this->outboxText();
        $this->assertStringNotContainsString('Secret-9', $text);
        $this->assertStringNotContainsString(self::SECRET, $text);
        $this->assertStringNotContainsString('admin-password', $text);
        $this->sql('UPDATE tbladmins SET roleid = 2 WHERE id = 8');
    }

    public function testEachPageOfTheAdminAreaFiresItsHooksWithWhatTheyDocument(): void
    {
        $this->visit = new Visit([], ['SEALTRAIL_BRIDGE_SECRET' => self::SECRET]);
        $this->visit->signIn('jane');
        $this->visit->submit('/admin/clientsservices.php?userid=5&id=41', null, ['domain' => 'new.example', 'amount' => '12.00']);
        $this->visit->submit('/admin/clientsdomains.php?userid=5&id=51', null, ['registrar' => 'other']);
        $this->visit->submit('/admin/invoices.php?action=edit&id=123', null, []);
        $this->visit->submit('/admin/supporttickets.php?action=view&id=31', null, ['message' => 'We are looking into it.']);
        $this->visit->submit('/admin/addonmodules.php?module=sealtrail&tab=bridge', null, ['sealtrail_action' => 'deliver']);
        $events = array_column(array_filter(array_merge(...array_column($this->endpoint->deliveries(), 'events')), static function (array $event): bool {
            return isset($event['hook']);
        }), 'params', 'hook');
        $expected = [
            'ServiceEdit' => ['userid' => 5, 'serviceid' => 41], 'DomainEdit' => ['userid' => 5, 'domainid' => 51],
            'InvoiceCancelled' => ['invoiceid' => 123], 'TicketAdminReply' => ['ticketid' => 31, 'subject' => 'Cannot log in'],
        ];
        foreach ($expected as $hook => $params) {
            $this->assertSame($params, array_intersect_key($events[$hook], $params), $hook);
        }
        foreach (['clientssummary.php?userid=5', 'clientsprofile.php?userid=5', 'myaccount.php', 'index.php'] as $page) {
            $this->assertStringContainsString('</html>', $this->visit->get('/admin/' . $page));
        }
        $this->assertSame(404, $this->visit->request('/admin/clientssummary.php?userid=99')['status']);
        $this->sql("UPDATE tblinvoices SET status = 'Unpaid' WHERE id = 123");
        $this->sql('DELETE FROM tblticketreplies WHERE tid = 31');
    }
}
