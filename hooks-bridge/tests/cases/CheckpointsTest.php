<?php

declare(strict_types=1);

use Sealtrail\Tests\BridgeCase;
use Sealtrail\Tests\Endpoint;
use WHMCS\Module\Addon\Sealtrail\Limits;

final class CheckpointsTest extends BridgeCase
{
    const ORIGIN = 'sealtrail/0193b2e4-7c11-7d3a-9f00-1a2b3c4d5e6f/default';

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

    private function note(int $size, string $leaf = 'a', string $origin = self::ORIGIN): string
    {
        $root = base64_encode(hash('sha256', $leaf . $size, true));

        return $origin . "\n" . $size . "\n" . $root . "\n\n\u{2014} " . $origin . ' ' . base64_encode(str_repeat('s', 68)) . "\n";
    }

    private function answerWith(string $note, string $secret = self::SECRET): void
    {
        $body = json_encode(['ok' => true, 'time' => gmdate('Y-m-d\TH:i:s\Z'), 'ledger' => 'main', 'size' => 7, 'checkpoint' => $note]);
        $this->endpoint->answer(['status' => 200, 'body' => $body, 'sign' => $secret]);
    }

    private function beat(): array
    {
        $this->aBridge($this->endpoint->url())->heartbeat()->send(Limits::cron());
        $beats = $this->endpoint->deliveries();

        return json_decode(end($beats)['body'], true)['checkpoints'];
    }

    private function sizes(): array
    {
        return array_map('intval', $this->sql('SELECT size FROM mod_sealtrail_checkpoints ORDER BY id')->fetchAll(PDO::FETCH_COLUMN));
    }

    public function testItKeepsWhatTheSidecarHandsOutAndTellsItInTheNextHeartbeat(): void
    {
        $this->answerWith($this->note(8));
        $this->assertSame(['held' => [], 'refused' => null], $this->beat());
        $this->assertSame(['held' => [$this->note(8)], 'refused' => null], $this->beat());
        $this->answerWith($this->note(20));
        $this->beat();
        $this->assertSame(['held' => [$this->note(20)], 'refused' => null], $this->beat());
        $this->assertSame([8, 20], $this->sizes());
        $this->assertSame($this->note(20), $this->sql('SELECT note FROM mod_sealtrail_checkpoints WHERE size = 20')->fetchColumn());
    }

    public function testItNeverGoesBackAndTellsWhatItRefused(): void
    {
        $checkpoints = $this->aBridge()->checkpoints();
        $this->assertTrue($checkpoints->keep($this->note(20)));
        foreach ([$this->note(8), $this->note(20, 'forged'), $this->note(0)] as $note) {
            $this->assertFalse($checkpoints->keep($note));
            $refused = $checkpoints->report()['refused'];
            $this->assertSame($note, $refused['note']);
            $this->assertStringContainsString('held is size 20', $refused['reason']);
        }
        $this->assertSame([20], $this->sizes());
        $this->assertSame([$this->note(20)], $checkpoints->report()['held']);
        $this->assertTrue($checkpoints->keep($this->note(21)));
        $this->assertNull($checkpoints->report()['refused']);
    }

    public function testEachOriginHasItsOwnEnd(): void
    {
        $checkpoints = $this->aBridge()->checkpoints();
        $this->assertTrue($checkpoints->keep($this->note(20)));
        $this->assertTrue($checkpoints->keep($this->note(5, 'b', self::ORIGIN . '/2')));
        $this->assertFalse($checkpoints->keep($this->note(19)));
        $this->assertSame([$this->note(5, 'b', self::ORIGIN . '/2'), $this->note(20)], $checkpoints->report()['held']);
    }

    public function testWhoHasTakenThePortOfTheSidecarCanPutNothingHere(): void
    {
        $this->answerWith($this->note(9999), 'whsec_' . base64_encode(random_bytes(32)));
        $this->beat();
        $this->endpoint->answer(['status' => 200, 'body' => json_encode(['ok' => true, 'checkpoint' => $this->note(9999)])]);
        $this->beat();
        $this->assertSame([], $this->sizes());
    }

    public function notes(): array
    {
        return [
            [''], ["x\n"], [self::ORIGIN . "\n-1\n" . base64_encode(str_repeat('r', 32)) . "\n"], [self::ORIGIN . "\n1\nshort\n"],
            [self::ORIGIN . "\n01\n" . base64_encode(str_repeat('r', 32)) . "\n"], [str_repeat('x', 20000)],
            ["an origin\n1\n" . base64_encode(str_repeat('r', 32)) . "\n"],
            [self::ORIGIN . "\n99999999999999999\n" . base64_encode(str_repeat('r', 32)) . "\n"],
        ];
    }

    /** @dataProvider notes */
    public function testWhatIsNoCheckpointIsNotKept(string $note): void
    {
        $this->assertFalse($this->aBridge()->checkpoints()->keep($note));
        $this->assertSame([], $this->sizes());
    }

    public function testTheTableIsMadeWhereItIsMissing(): void
    {
        $this->sql('DROP TABLE mod_sealtrail_checkpoints');
        $this->assertSame(['held' => [], 'refused' => null], $this->aBridge()->checkpoints()->report());
        $this->sql('DROP TABLE mod_sealtrail_checkpoints');
        $this->assertTrue($this->aBridge()->checkpoints()->keep($this->note(3)));
    }
}
