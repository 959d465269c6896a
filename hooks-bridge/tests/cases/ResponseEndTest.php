<?php

declare(strict_types=1);

use Sealtrail\StandIn\StandIn;
use Sealtrail\Tests\BridgeCase;
use Sealtrail\Tests\Endpoint;

final class ResponseEndTest extends BridgeCase
{
    private $endpoint;
    private $server;
    private $port;
    private $finished;

    protected function setUp(): void
    {
        parent::setUp();
        $this->endpoint = new Endpoint();
        StandIn::activateModule('sealtrail');
        $this->sql('TRUNCATE mod_sealtrail_outbox');
        StandIn::moduleSetting('sealtrail', 'sidecar_url', $this->endpoint->url());
        StandIn::moduleSetting('sealtrail', 'bridge_id', 'bridge-1');
        $this->port = Endpoint::freePort();
        $this->finished = tempnam(sys_get_temp_dir(), 'finished');
        $this->server = proc_open(
            [PHP_BINARY, '-d', 'auto_prepend_file=' . __DIR__ . '/../support/finish-request-stub.php', '-S', '127.0.0.1:' . $this->port, '-t', __DIR__ . '/../whmcs'],
            [1 => ['file', '/dev/null', 'w'], 2 => ['file', '/dev/null', 'w']],
            $pipes,
            null,
            ['SEALTRAIL_FINISHED_FILE' => $this->finished, 'SEALTRAIL_BRIDGE_SECRET' => self::SECRET] + getenv()
        );
        Endpoint::waitFor($this->port);
    }

    protected function tearDown(): void
    {
        proc_terminate($this->server);
        proc_close($this->server);
        $this->endpoint->stop();
        unlink($this->finished);
        $this->sql("DELETE FROM tbladdonmodules WHERE module = 'sealtrail'");
        $this->sql("UPDATE tblinvoices SET status = 'Unpaid', datepaid = NULL WHERE id = 123");
        parent::tearDown();
    }

    public function testWhereTheServerCanCloseAPageTheDeliveryFollowsThatAndTheSessionIsFree(): void
    {
        $this->pay();
        for ($try = 1; $this->waiting() > 0 && $try < self::MOST_TRIES; $try++) {
            // With another endpoint: what one was sent in vain may still arrive there.
            $this->tearDown();
            $this->setUp();
            $this->pay();
        }
        $deliveries = $this->endpoint->deliveries();
        $this->assertSame(['LogTransaction', 'AddInvoicePayment', 'InvoicePaid'], array_column($deliveries[0]['events'], 'hook'));
        $closed = json_decode((string) file_get_contents($this->finished), true);
        $this->assertLessThan($deliveries[0]['at'], $closed['at']);
        $this->assertSame(PHP_SESSION_NONE, $closed['session']);
    }

    private function pay(): void
    {
        $context = stream_context_create(['http' => ['method' => 'POST', 'header' => 'content-type: application/x-www-form-urlencoded', 'content' => 'invoiceid=123']]);
        $this->assertSame('OK', file_get_contents("http://127.0.0.1:$this->port/modules/gateways/callback/paypal.php", false, $context));
    }
}
