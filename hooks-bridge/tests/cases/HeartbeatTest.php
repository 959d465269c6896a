<?php

declare(strict_types=1);

use Sealtrail\Tests\BridgeCase;
use Sealtrail\Tests\Endpoint;
use WHMCS\Module\Addon\Sealtrail\Bridge;
use WHMCS\Module\Addon\Sealtrail\GrowthWarning;
use WHMCS\Module\Addon\Sealtrail\HookTable;
use WHMCS\Module\Addon\Sealtrail\Limits;
use WHMCS\Module\Addon\Sealtrail\Signature;

final class HeartbeatTest extends BridgeCase
{
    private $endpoint;

    protected function setUp(): void
    {
        parent::setUp();
        $this->endpoint = new Endpoint();
    }

    protected function tearDown(): void
    {
        $this->endpoint->stop();
        parent::tearDown();
    }

    private function bridge(): Bridge
    {
        return $this->aBridge($this->endpoint->url());
    }

    private function record(int $count, array $args = []): void
    {
        for ($n = 0; $n < $count; $n++) {
            $this->aBridge()->recorder()->hook('InvoicePaid', HookTable::PLAIN_ROW, $args, null);
        }
        $this->moveToOutbox();
    }

    private function beats(): array
    {
        return array_values(array_filter($this->endpoint->deliveries(), static function (array $delivery): bool {
            return $delivery['path'] === '/bridge/v1/heartbeat';
        }));
    }

    public function testItTellsWhatTheOutboxHoldsAndKeepsWhatTheSidecarSays(): void
    {
        $startedAt = microtime(true);
        $this->record(2);
        $this->record(1, ['note' => 'POISON']);
        $this->sql("UPDATE mod_sealtrail_outbox SET parked_at = UTC_TIMESTAMP(3), reason = '400 no' WHERE id = 3");
        $this->endpoint->answer(['status' => 200, 'body' => json_encode([
            'ok' => true, 'time' => gmdate('Y-m-d\TH:i:s\Z', time() - 90), 'ledger' => 'main', 'chain' => ['status' => 'intact', 'at' => null], 'size' => 7,
        ])]);
        $this->assertTrue($this->bridge()->heartbeat()->send(Limits::cron())->isSuccess());
        $tookSeconds = microtime(true) - $startedAt;
        list($beat) = $this->beats();
        $headers = $beat['headers'];
        $this->assertSame(
            (new Signature(self::SECRET))->sign($headers['webhook-id'], (int) $headers['webhook-timestamp'], $beat['body']),
            $headers['webhook-signature']
        );
        $told = json_decode($beat['body'], true);
        $this->assertSame([2, 1, 4, [['seq' => 3, 'reason' => '400 no']], false], [
            $told['outbox']['pending'], $told['outbox']['oldest_seq'], $told['outbox']['next_seq'], $told['outbox']['parked'], $told['paused'],
        ]);
        $this->assertSame(['9.0.1-release.1', 1, 'cli', PHP_VERSION], [$told['installation']['whmcs'], $told['installation']['seq_step'], $told['installation']['sapi'], $told['installation']['php']]);
        $this->assertSame($told['installation']['node'], $this->items()[0]['installation']['node'], 'items and heartbeat name the same sequence');
        foreach ([$told['sent_at'], $told['outbox']['oldest_at']] as $time) {
            $this->assertMatchesRegularExpression('/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/', $time);
            $this->assertEqualsWithDelta($startedAt, strtotime($time), 5 + $tookSeconds);
        }
        $last = $this->bridge()->heartbeat()->last();
        $this->assertSame(['intact', 7], [$last['chain']['status'], $last['size']]);
        $this->assertEqualsWithDelta(90000, $last['drift_ms'], 2500 + 1000 * $tookSeconds);
    }

    public function testTheCronBeatsWithAnEmptyOutboxToo(): void
    {
        $this->bridge()->listen();
        run_hook('AfterCronJob', []);
        $told = json_decode($this->beats()[0]['body'], true);
        $this->assertSame([0, null, null], [$told['outbox']['pending'], $told['outbox']['oldest_seq'], $told['outbox']['oldest_at']]);
        $this->assertSame([], $told['outbox']['parked']);
        run_hook('DailyCronJob', []);
        $this->assertCount(1, $this->beats());
    }

    public function testASidecarThatDoesNotKnowHeartbeatsChangesNothing(): void
    {
        $this->endpoint->answer(['status' => 404]);
        $this->bridge()->listen();
        run_hook('AfterCronJob', []);
        $this->assertNull($this->bridge()->heartbeat()->last());
        $this->assertSame(Bridge::class, get_class($this->bridge()));
    }

    public function testGrowthIsWarnedOfOnceAnHourAndNothingIsDropped(): void
    {
        $this->record(2);
        $this->assertSame([], $this->bridge()->growth()->reasons());
        $this->sql('UPDATE mod_sealtrail_outbox SET recorded_at = recorded_at - INTERVAL 2 HOUR');
        $this->sql("UPDATE mod_sealtrail_outbox SET parked_at = UTC_TIMESTAMP(3), reason = 'x' WHERE id = 2");
        $this->assertSame([GrowthWarning::OLD, GrowthWarning::PARKED], array_keys($this->bridge()->growth()->reasons()));
        $this->sql('DELETE FROM tblactivitylog');
        $log = ini_set('error_log', $this->spoolFolder . '/error.log');
        $this->endpoint->answer(['status' => 503]);
        $bridge = $this->bridge();
        $bridge->listen();
        run_hook('AfterCronJob', []);
        run_hook('AfterCronJob', []);
        ini_set('error_log', (string) $log);
        $lines = $this->sql("SELECT description FROM tblactivitylog WHERE description LIKE 'Sealtrail:%'")->fetchAll(PDO::FETCH_COLUMN);
        $this->assertCount(1, $lines);
        $this->assertStringContainsString('120 minutes; 1 events were refused and parked', $lines[0]);
        $this->assertStringContainsString($lines[0], (string) file_get_contents($this->spoolFolder . '/error.log'));
        $this->assertCount(2, $this->items(), 'and our own line is no event');
    }

    public function testPauseAndResumeAreRecordedAndNothingBetweenThem(): void
    {
        $_SESSION['adminid'] = 7;
        $this->adminRequest();
        $this->bridge()->pause();
        $paused = $this->bridge();
        $paused->listen();
        run_hook('ClientEdit', ['userid' => 5]);
        logActivity('something');
        $this->bridge()->heartbeat()->send(Limits::cron());
        $this->assertTrue(json_decode($this->beats()[0]['body'], true)['paused']);
        $this->bridge()->resume();
        $GLOBALS['hooks'] = [];
        $this->bridge()->listen();
        run_hook('ClientEdit', ['userid' => 6]);
        $items = $this->items();
        $this->assertSame(['audit.capture_paused', 'audit.capture_resumed', null], array_map(static function (array $item): ?string {
            return $item['own'] ?? null;
        }, $items));
        $this->assertSame(['activity', 'jane'], [$items[0]['kind'], $items[0]['actor']['name']]);
        $this->assertSame(6, $items[2]['params']['userid']);
    }
}
