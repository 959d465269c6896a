<?php

declare(strict_types=1);

use Sealtrail\StandIn\StandIn;
use Sealtrail\Tests\BridgeCase;
use Sealtrail\Tests\Endpoint;

/** Whole requests in processes of their own: the command line, the cron, and the admin area under PHP's web server. */
final class StandInTest extends BridgeCase
{
    private $endpoint;
    private $server;
    private $base;
    private $cookie;

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

    protected function tearDown(): void
    {
        if ($this->server !== null) {
            proc_terminate($this->server);
            proc_close($this->server);
            unlink($this->cookie);
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
        list($exit, $out, $err) = $this->fire('InvoicePaid', ['invoiceid' => 123], ['--callback=paypal']);
        $this->assertSame([0, '{"hook":"InvoicePaid","returned":[]}' . "\n", ''], [$exit, $out, $err]);
        $this->assertSame(['InvoicePaid'], $this->hooksSent());
        $this->assertSame(0, $this->waiting());
    }

    public function testFireRefusesWhatItDoesNotKnow(): void
    {
        $this->assertSame(2, $this->fire('InvoicePaid', [], ['--amdin=7'])[0]);
    }

    public function testASidecarThatHangsDoesNotHoldUpACommandForMoreThanASecond(): void
    {
        $this->endpoint->answer(['status' => 200, 'delay_ms' => 5000]);
        $startedAt = microtime(true);
        $this->assertSame(0, $this->fire('InvoicePaid', ['invoiceid' => 123], ['--callback=paypal'])[0]);
        $this->assertLessThan(1.6, microtime(true) - $startedAt);
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
        $this->startWeb();
        $this->assertStringContainsString('incorrect', $this->submit('/admin/login.php', '/admin/dologin.php', ['username' => 'admin', 'password' => 'wrong']));
        $this->assertStringContainsString('Signed in', $this->submit('/admin/login.php', '/admin/dologin.php', ['username' => 'admin', 'password' => 'admin-password']));
        $this->assertStringContainsString('Changes saved', $this->submit('/admin/clientsprofile.php?userid=5', null, ['firstname' => '<b>Grace</b>', 'lastname' => 'H']));
        $this->submit('/admin/configproducts.php?id=1', null, ['name' => 'Starter', 'description' => 'x']);
        $this->submit('/admin/configgateways.php', null, ['name' => 'PayPal', 'visible' => 'on', 'apiSignature' => 'gateway-Secret-9']);
        $this->submit('/admin/configgeneral.php', null, ['CompanyName' => 'Example Hosting', 'SMTPPassword' => 'smtp-Secret-9', 'TrustedProxyIps' => '10.0.0.5']);
        $this->submit('/admin/configadmins.php?id=8', null, ['email' => 'sam@example.com', 'roleid' => '1', 'password' => 'new-Secret-9']);
        $this->submit('/admin/configaddonmods.php', null, ['sidecar_url' => $this->endpoint->url(), 'bridge_id' => 'bridge-1', 'secret' => self::SECRET, 'access' => ['1']]);
        $this->assertSame([], $this->endpoint->deliveries(), 'this web server cannot close a page early, so nothing is sent behind it');

        $this->submit('/admin/myaccount.php', null, ['language' => 'chinese-tw']);
        $page = $this->get('/admin/addonmodules.php?module=sealtrail&tab=bridge');
        $this->assertStringContainsString('橋接狀態', $page);
        $this->assertStringContainsString('alert-success', $this->submit('/admin/addonmodules.php?module=sealtrail&tab=bridge', null, ['sealtrail_action' => 'test']));
        $this->assertStringContainsString('alert-success', $this->submit('/admin/addonmodules.php?module=sealtrail&tab=bridge', null, ['sealtrail_action' => 'deliver']));
        $this->get('/admin/logout.php');

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

    private function startWeb(): void
    {
        $port = Endpoint::freePort();
        $this->base = 'http://127.0.0.1:' . $port;
        $this->server = proc_open(
            [PHP_BINARY, '-S', '127.0.0.1:' . $port, '-t', __DIR__ . '/../whmcs'],
            [1 => ['file', '/dev/null', 'w'], 2 => ['file', '/dev/null', 'w']],
            $pipes
        );
        for ($try = 0; $try < 200 && !@fsockopen('127.0.0.1', $port); $try++) {
            usleep(20000);
        }
        $this->cookie = tempnam(sys_get_temp_dir(), 'cookie');
    }

    /** Opens a page, takes the token out of its form, sends the form. */
    private function submit(string $page, ?string $target, array $fields): string
    {
        preg_match('/name="token" value="([^"]+)"/', $this->get($page), $token);

        return $this->request($target ?? $page, $fields + ['token' => $token[1]]);
    }

    private function get(string $path): string
    {
        return $this->request($path, null);
    }

    private function request(string $path, ?array $post): string
    {
        $curl = curl_init($this->base . $path);
        curl_setopt_array($curl, [
            CURLOPT_RETURNTRANSFER => true, CURLOPT_FOLLOWLOCATION => true, CURLOPT_COOKIEJAR => $this->cookie,
            CURLOPT_COOKIEFILE => $this->cookie, CURLOPT_TIMEOUT => 20,
        ]);
        if ($post !== null) {
            curl_setopt($curl, CURLOPT_POSTFIELDS, http_build_query($post));
        }
        $body = (string) curl_exec($curl);
        $this->assertSame(200, curl_getinfo($curl, CURLINFO_HTTP_CODE), $path . ': ' . $body);
        $this->assertStringNotContainsString('Warning', $body);
        curl_close($curl);

        return $body;
    }
}
