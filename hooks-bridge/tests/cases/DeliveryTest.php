<?php

declare(strict_types=1);

use Sealtrail\StandIn\StandIn;
use Sealtrail\Tests\BridgeCase;
use Sealtrail\Tests\Endpoint;
use WHMCS\Module\Addon\Sealtrail\Bridge;
use WHMCS\Module\Addon\Sealtrail\Connection;
use WHMCS\Module\Addon\Sealtrail\Deliverer;
use WHMCS\Module\Addon\Sealtrail\DeliveryState;
use WHMCS\Module\Addon\Sealtrail\HookTable;
use WHMCS\Module\Addon\Sealtrail\Limits;
use WHMCS\Module\Addon\Sealtrail\Settings;
use WHMCS\Module\Addon\Sealtrail\Signature;
use WHMCS\Module\Addon\Sealtrail\Spool;

final class DeliveryTest extends BridgeCase
{
    const LEAST_PAUSE_SECONDS = DeliveryState::FIRST_PAUSE_SECONDS / 2;

    private static $endpoint;

    public static function setUpBeforeClass(): void
    {
        self::$endpoint = new Endpoint();
    }

    public static function tearDownAfterClass(): void
    {
        self::$endpoint->stop();
    }

    protected function setUp(): void
    {
        parent::setUp();
        self::$endpoint->forget();
    }

    private function paired(): Bridge
    {
        return $this->aBridge(self::$endpoint->url());
    }

    private function fill(int $count, array $args = []): void
    {
        $bridge = $this->aBridge();
        for ($n = 1; $n <= $count; $n++) {
            $bridge->recorder()->hook('InvoicePaid', HookTable::PLAIN_ROW, ['invoiceid' => $n] + $args, null);
        }
        $bridge->moveToOutbox();
    }

    private function deliver(?Limits $limits = null, bool $evenIfPaused = false): string
    {
        return $this->paired()->deliverer()->deliver($limits ?? Limits::cron(), $evenIfPaused);
    }

    private function waitOutThePause(): void
    {
        $this->sql("UPDATE mod_sealtrail_state SET not_before = NULL WHERE name = 'delivery'");
    }

    private function state(): array
    {
        return $this->paired()->deliveryState()->read();
    }

    public function testItemsArriveSignedInOrderAndLeaveTheOutbox(): void
    {
        $this->fill(3);
        $this->assertSame(Deliverer::EMPTIED, $this->deliver());
        $this->assertSame(0, $this->waiting());
        list($delivery) = self::$endpoint->deliveries();
        $this->assertSame('/bridge/v1/events', $delivery['path']);
        $this->assertSame('bridge-1', $delivery['headers']['sealtrail-bridge']);
        $this->assertSame([1, 2, 3], array_column($delivery['events'], 'seq'));
        $this->assertSame(['invoiceid' => 1], $delivery['events'][0]['params']);
        $this->assertSame(1, $delivery['events'][0]['installation']['seq_step']);
        $headers = $delivery['headers'];
        $this->assertSame(
            (new Signature(self::SECRET))->sign($headers['webhook-id'], (int) $headers['webhook-timestamp'], $delivery['body']),
            $headers['webhook-signature']
        );
        $this->assertNotNull($this->state()['values']['last_success_at']);
    }

    public function testALargeDeliveryIsCompressedAndTheSignatureCoversTheCompressedBytes(): void
    {
        $this->fill(40);
        $this->deliver();
        list($delivery) = self::$endpoint->deliveries();
        $this->assertSame('gzip', $delivery['headers']['content-encoding']);
        $this->assertCount(40, $delivery['events']);
        $headers = $delivery['headers'];
        $this->assertSame(
            (new Signature(self::SECRET))->sign($headers['webhook-id'], (int) $headers['webhook-timestamp'], $delivery['body']),
            $headers['webhook-signature']
        );
    }

    public function testABatchHoldsAtMost100ItemsAndOneMebibyte(): void
    {
        $this->fill(130);
        $this->fill(30, ['notes' => range(1, 4), 'text' => str_repeat('x', 16000), 'a' => str_repeat('x', 16000), 'b' => str_repeat('x', 16000), 'c' => str_repeat('x', 16000)]);
        $this->assertSame(Deliverer::EMPTIED, $this->deliver());
        $seqs = [];
        foreach (self::$endpoint->deliveries() as $delivery) {
            $this->assertLessThanOrEqual(100, count($delivery['events']));
            $this->assertLessThanOrEqual(1048576 + 64, strlen($delivery['json']));
            $seqs = array_merge($seqs, array_column($delivery['events'], 'seq'));
        }
        $this->assertSame(range(1, 160), $seqs);
    }

    public function refusals(): array
    {
        return [
            'later' => [['status' => 503]], 'unknown bridge' => [['status' => 401]], 'server error' => [['status' => 500]],
            'redirect' => [['status' => 302, 'headers' => ['location: /elsewhere']]], 'not found' => [['status' => 404]],
            'garbage' => [['status' => 200, 'body' => '<html>hello</html>']], 'empty' => [['status' => 204, 'body' => '']],
            'one too few' => [['status' => 200, 'drop' => 1]],
            'counts as text' => [['status' => 200, 'body' => '{"accepted":"2","duplicates":0,"quarantined":0,"receipts":[]}']],
            'no receipts' => [['status' => 200, 'body' => '{"accepted":2,"duplicates":0,"quarantined":0,"receipts":[]}']],
            'receipts of others' => [['status' => 200, 'body' => '{"accepted":2,"duplicates":0,"quarantined":0,"receipts":[{"id":"a"},{"id":"b"}]}']],
        ];
    }

    /** @dataProvider refusals */
    public function testNothingIsDeletedUnlessTheAnswerAccountsForIt(array $answer): void
    {
        $this->fill(2);
        self::$endpoint->answer($answer);
        $since = $this->databaseTime();
        $this->assertSame(Deliverer::REFUSED, $this->deliver());
        $this->assertSame(2, $this->waiting());
        $this->assertCount(1, self::$endpoint->deliveries());
        $this->assertSame($answer['status'], $this->state()['values']['last_error']['status']);
        $this->assertPaused('delivery', $since, self::LEAST_PAUSE_SECONDS);
        $this->assertGreaterThan(0, $this->state()['paused_seconds']);
        $this->assertSame(Deliverer::BUSY, $this->deliver(), 'paused');
        $this->assertCount(1, self::$endpoint->deliveries());
    }

    public function testDuplicatesAndQuarantinedItemsAreAccountedForToo(): void
    {
        $this->fill(3);
        $ids = array_column($this->items(), 'id');
        self::$endpoint->answer(['status' => 200, 'body' => json_encode([
            'accepted' => 1, 'duplicates' => 1, 'quarantined' => 1, 'receipts' => [['id' => $ids[0], 'part' => 0], ['id' => $ids[0], 'part' => 1], ['id' => $ids[1]]],
        ])]);
        $this->assertSame(Deliverer::EMPTIED, $this->deliver());
        $this->assertSame(0, $this->waiting());
    }

    public function testAResendIsTheSameByteForByteUnderTheSameId(): void
    {
        $this->fill(3, ['amount' => 0.1 + 0.2, 'text' => "四𠀀😀 \u{2028} é"]);
        self::$endpoint->answer(['status' => 503]);
        $this->deliver();
        $this->waitOutThePause();
        self::$endpoint->answer(['status' => 200]);
        $this->deliver();
        list($first, $second) = self::$endpoint->deliveries();
        $this->assertSame($first['body'], $second['body']);
        $this->assertSame($first['headers']['webhook-id'], $second['headers']['webhook-id']);
    }

    public function testAHangingSidecarCostsOneSecondAndKeepsEverything(): void
    {
        $this->fill(2);
        $hanging = new Endpoint();
        $hanging->answer(['status' => 200, 'delay_ms' => self::HANG_MS]);
        $startedAt = microtime(true);
        try {
            $this->assertSame(Deliverer::REFUSED, $this->aBridge($hanging->url())->deliverer()->deliver(Limits::afterRequest()));
        } finally {
            $hanging->stop();
        }
        $this->assertLessThan(self::SOON_SECONDS, microtime(true) - $startedAt);
        $this->assertSame([1000, 1000], [Limits::afterRequest()->postMs(), Limits::afterRequest()->totalMs()]);
        $this->assertSame(2, $this->waiting());
        $this->assertSame(0, $this->state()['values']['last_error']['status']);
        $this->assertFalse($this->state()['is_held']);
    }

    public function testASidecarThatIsDownIsGivenUpAtOnce(): void
    {
        $this->fill(1);
        $down = 'http://127.0.0.1:' . Endpoint::freePort();
        // The cron could go on trying for half a minute.
        foreach ([Limits::afterRequest(), Limits::cron()] as $before => $limits) {
            $startedAt = microtime(true);
            $this->assertSame(Deliverer::REFUSED, $this->aBridge($down)->deliverer()->deliver($limits));
            $this->assertLessThan(self::SOON_SECONDS, microtime(true) - $startedAt);
            $this->assertSame($before + 1, $this->state()['values']['failures'], 'one attempt');
            $this->waitOutThePause();
        }
        $this->assertSame(1, $this->waiting());
    }

    public function testThePauseGrowsWithJitterAndASuccessEndsIt(): void
    {
        $this->assertSame([5.0, 10.0, 20.0, 900.0], array_map(static function (int $failures): float {
            return DeliveryState::pauseSeconds($failures, 0.0);
        }, [1, 2, 3, 50]));
        $this->assertSame(2.5, DeliveryState::pauseSeconds(1, 1.0));

        $this->fill(1);
        self::$endpoint->answer(['status' => 500]);
        foreach ([1, 2, 3] as $failures) {
            $this->deliver();
            $this->assertSame($failures, $this->state()['values']['failures']);
            $this->waitOutThePause();
        }
        self::$endpoint->answer(['status' => 200]);
        $this->deliver();
        $this->assertSame(0, $this->state()['values']['failures']);
        $this->assertNull($this->state()['values']['last_error']);
        $this->assertSame(0, $this->state()['paused_seconds']);
    }

    public function testRetryAfterIsHonoured(): void
    {
        $startedAt = microtime(true);
        foreach (['120', gmdate('D, d M Y H:i:s \G\M\T', time() + 120)] as $value) {
            $this->fill(1);
            self::$endpoint->answer(['status' => 503, 'headers' => ['Retry-After: ' . $value]]);
            $this->deliver();
            $paused = $this->state()['paused_seconds'];
            $this->assertEqualsWithDelta(120, $paused, 3 + microtime(true) - $startedAt);
            $this->waitOutThePause();
        }
    }

    public function testAButtonDeliversInSpiteOfThePause(): void
    {
        $this->fill(1);
        self::$endpoint->answer(['status' => 503]);
        $since = $this->databaseTime();
        $this->deliver();
        $this->assertPaused('delivery', $since, self::LEAST_PAUSE_SECONDS);
        self::$endpoint->answer(['status' => 200]);
        $this->assertSame(Deliverer::BUSY, $this->deliver());
        $this->assertSame(Deliverer::EMPTIED, $this->deliver(Limits::button(), true));
    }

    public function poisonStatuses(): array
    {
        return [[400], [413]];
    }

    /** @dataProvider poisonStatuses */
    public function testThePoisonItemIsFoundAndParkedAndTheRestGoesOnInOrder(int $status): void
    {
        $this->fill(37);
        $this->fill(1, ['note' => 'POISON']);
        $this->fill(20);
        self::$endpoint->answer(['status' => 200, 'poison' => 'POISON', 'poison_status' => $status]);
        $this->assertSame(Deliverer::EMPTIED, $this->deliver());
        $this->assertSame(0, $this->waiting());
        $parked = $this->sql('SELECT id, parked_at, reason, body FROM mod_sealtrail_outbox')->fetchAll(PDO::FETCH_ASSOC);
        $this->assertCount(1, $parked);
        $this->assertSame(38, (int) $parked[0]['id']);
        $this->assertStringContainsString((string) $status, $parked[0]['reason']);
        $arrived = [];
        foreach (self::$endpoint->deliveries() as $delivery) {
            if ($delivery['status'] === 200) {
                $arrived = array_merge($arrived, array_column($delivery['events'], 'seq'));
            }
        }
        $this->assertSame(array_merge(range(1, 37), range(39, 58)), $arrived);
    }

    public function testAnAddressThatAnswers400ToEverythingDoesNotGetTheOutboxParked(): void
    {
        $this->fill(3);
        self::$endpoint->answer(['status' => 400, 'body' => 'Bad Request']);
        $this->assertSame(Deliverer::REFUSED, $this->deliver());
        $this->assertSame(3, $this->waiting());
        $this->assertSame(400, $this->state()['values']['last_error']['status']);
    }

    public function testParkedItemsCanBeTriedAgain(): void
    {
        $this->fill(1, ['note' => 'POISON']);
        self::$endpoint->answer(['status' => 200, 'poison' => 'POISON']);
        $this->deliver();
        $this->assertSame(1, $this->paired()->outbox()->unparkAll());
        self::$endpoint->answer(['status' => 200]);
        $this->assertSame(Deliverer::EMPTIED, $this->deliver());
        $this->assertSame(0, (int) $this->sql('SELECT COUNT(*) FROM mod_sealtrail_outbox')->fetchColumn());
    }

    public function testOneDelivererAtATime(): void
    {
        $this->fill(1);
        $first = $this->paired()->deliveryState();
        $this->assertTrue($first->acquire(false, 30));
        $this->assertSame(Deliverer::BUSY, $this->deliver());
        $this->assertSame([], self::$endpoint->deliveries());
        $this->sql("UPDATE mod_sealtrail_state SET held_until = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND WHERE name = 'delivery'");
        $this->assertSame(Deliverer::EMPTIED, $this->deliver(), 'a lease that has expired is free');
        $this->assertFalse($first->renew(30), 'and its old holder knows it');
    }

    public function testManyDeliverersAtOnceSendEachItemOnceAndInOrder(): void
    {
        self::$endpoint->answer(['status' => 200, 'delay_ms' => 5]);
        StandIn::moduleSetting('sealtrail', 'sidecar_url', self::$endpoint->url());
        StandIn::moduleSetting('sealtrail', 'bridge_id', 'bridge-1');
        $running = [];
        for ($n = 0; $n < 8; $n++) {
            $running[] = proc_open(
                [PHP_BINARY, __DIR__ . '/../support/deliver-worker.php', '25'],
                [1 => ['file', '/dev/null', 'w']],
                $pipes,
                null,
                ['SEALTRAIL_BRIDGE_SECRET' => self::SECRET] + getenv()
            );
        }
        foreach ($running as $process) {
            $this->assertSame(0, proc_close($process));
        }
        $this->sql("DELETE FROM tbladdonmodules WHERE module = 'sealtrail'");
        // Whoever was busy leaves the rest to the next.
        for ($deadline = microtime(true) + 60; $this->waiting() > 0 && microtime(true) < $deadline; usleep(50000)) {
            $this->waitOutThePause();
            $this->deliver();
        }
        $this->assertSame(0, $this->waiting());
        $arrived = [];
        foreach (self::$endpoint->deliveries() as $delivery) {
            $arrived = array_merge($arrived, array_column($delivery['events'], 'seq'));
        }
        $this->assertSame($arrived, array_values(array_unique($arrived)), 'none twice');
        $sorted = $arrived;
        sort($sorted);
        $this->assertSame($sorted, $arrived, 'in order');
        $this->assertSame(range(1, 200), $arrived, 'all of them');
    }

    public function testNumbersLeaveNoHoleWhenAWriteIsUndoneAndNobodyOvertakesIt(): void
    {
        $this->fill(2);
        $other = Sealtrail\StandIn\DatabaseUrl::fromEnvironment()->connect();
        $other->beginTransaction();
        $other->exec("UPDATE mod_sealtrail_state SET value = value + 1 WHERE name = 'sequence'");
        $this->fill(1);
        $this->assertSame(2, (int) $this->sql('SELECT COUNT(*) FROM mod_sealtrail_outbox')->fetchColumn(), 'it waits in its file');
        $other->rollBack();
        $this->moveToOutbox();
        $this->deliver();
        $this->assertSame([1, 2, 3], array_column(self::$endpoint->deliveries()[0]['events'], 'seq'));
    }

    public function testNumbersGoOnWhenTheCounterIsLost(): void
    {
        $this->fill(3);
        $this->deliver();
        $this->fill(1);
        $this->sql("DELETE FROM mod_sealtrail_state WHERE name = 'sequence'");
        $this->assertSame(5, $this->paired()->outbox()->nextSeq());
        $this->fill(1);
        $this->deliver();
        $this->assertSame([4, 5], array_column(self::$endpoint->deliveries()[1]['events'], 'seq'));
        $this->assertSame(6, $this->paired()->outbox()->nextSeq());
    }

    public function testWithoutASecretNothingIsSent(): void
    {
        $this->fill(1);
        $this->assertSame(Deliverer::NOT_PAIRED, $this->aBridge(self::$endpoint->url(), null, 'not a secret')->deliverer()->deliver(Limits::cron()));
        $this->assertSame(1, $this->waiting());
    }

    private function leftBehind(array $hooks, string $more = ''): string
    {
        $bridge = new Bridge(
            new Connection($this->databaseAway()),
            new Settings('/nowhere', static function (): array {
                return [];
            }),
            new Spool([$this->spoolFolder])
        );
        foreach ($hooks as $hook) {
            $bridge->recorder()->hook($hook, HookTable::PLAIN_ROW, ['userid' => 5], null);
        }
        unset($bridge);
        $files = glob($this->spoolFolder . '/spool-*.php');
        $file = end($files);
        file_put_contents($file, $more, FILE_APPEND);

        return $file;
    }

    public function testSpooledItemsAreMovedToTheOutboxOnceAndDelivered(): void
    {
        $this->leftBehind(['ClientEdit', 'InvoicePaid'], '{"id":"half a li');
        $this->assertSame(Deliverer::EMPTIED, $this->deliver());
        $this->assertSame(['ClientEdit', 'InvoicePaid'], array_column(self::$endpoint->deliveries()[0]['events'], 'hook'));
        $this->assertSame([], glob($this->spoolFolder . '/*'));
        $this->assertSame('unreadable line of the spool file', $this->sql('SELECT reason FROM mod_sealtrail_outbox')->fetchColumn());
    }

    public function testASpoolFileThatWasImportedBeforeACrashIsNotImportedAgain(): void
    {
        $file = $this->leftBehind(['ClientEdit', 'InvoicePaid']);
        $copy = (string) file_get_contents($file);
        $this->deliver();
        file_put_contents($file, $copy);
        $this->deliver();
        $this->assertCount(1, self::$endpoint->deliveries());
        $this->assertFileDoesNotExist($file);
        $this->assertSame(3, $this->paired()->outbox()->nextSeq());
    }
}
