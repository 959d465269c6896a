<?php

declare(strict_types=1);

use Sealtrail\StandIn\StandIn;
use Sealtrail\Tests\BridgeCase;
use Sealtrail\Tests\Endpoint;

final class ResponseEndTest extends BridgeCase
{
    public function testWhereTheServerCanCloseAPageTheDeliveryFollowsThatAndTheSessionIsFree(): void
    {
        $endpoint = new Endpoint();
        StandIn::activateModule('sealtrail');
        $this->sql('TRUNCATE mod_sealtrail_outbox');
        StandIn::moduleSetting('sealtrail', 'sidecar_url', $endpoint->url());
        StandIn::moduleSetting('sealtrail', 'bridge_id', 'bridge-1');
        $port = Endpoint::freePort();
        $finished = tempnam(sys_get_temp_dir(), 'finished');
        $server = proc_open(
            [PHP_BINARY, '-d', 'auto_prepend_file=' . __DIR__ . '/../support/finish-request-stub.php', '-S', '127.0.0.1:' . $port, '-t', __DIR__ . '/../whmcs'],
            [1 => ['file', '/dev/null', 'w'], 2 => ['file', '/dev/null', 'w']],
            $pipes,
            null,
            ['SEALTRAIL_FINISHED_FILE' => $finished, 'SEALTRAIL_BRIDGE_SECRET' => self::SECRET] + getenv()
        );
        try {
            for ($try = 0; $try < 200 && !@fsockopen('127.0.0.1', $port); $try++) {
                usleep(20000);
            }
            $context = stream_context_create(['http' => ['method' => 'POST', 'header' => 'content-type: application/x-www-form-urlencoded', 'content' => 'invoiceid=123']]);
            $this->assertSame('OK', file_get_contents("http://127.0.0.1:$port/modules/gateways/callback/paypal.php", false, $context));
            $deliveries = $endpoint->deliveries();
            $this->assertSame(['LogTransaction', 'AddInvoicePayment', 'InvoicePaid'], array_column($deliveries[0]['events'], 'hook'));
            $closed = json_decode((string) file_get_contents($finished), true);
            $this->assertLessThan($deliveries[0]['at'], $closed['at']);
            $this->assertSame(PHP_SESSION_NONE, $closed['session']);
        } finally {
            proc_terminate($server);
            proc_close($server);
            $endpoint->stop();
            unlink($finished);
            $this->sql("DELETE FROM tbladdonmodules WHERE module = 'sealtrail'");
        }
    }
}
