<?php

declare(strict_types=1);

use Sealtrail\Tests\BridgeCase;

final class ActorTest extends BridgeCase
{
    private function itemOf(string $hook, array $args, string ...$options): array
    {
        list($exit, $out, $err) = $this->fire($hook, $args, $options);
        $this->assertSame(0, $exit, $err);
        $this->assertSame('', $err);
        $this->assertSame(['hook' => $hook, 'returned' => []], json_decode($out, true));

        return $this->items()[count($this->items()) - 1];
    }

    public function actors(): array
    {
        $jane = ['type' => 'admin', 'id' => '7', 'name' => 'jane', 'role' => 'Full Administrator'];
        $grace = ['type' => 'client', 'id' => '5', 'name' => 'Grace Hopper'];
        $client = $grace + ['role' => null, 'acting_as' => null];
        $system = ['type' => 'system', 'id' => null, 'name' => 'System', 'role' => null, 'acting_as' => null];

        return [
            'admin' => [['--admin=7'], 'ui', $jane + ['acting_as' => null]],
            'admin acting as client' => [['--admin=7', '--as-client=5'], 'ui', $jane + ['acting_as' => $grace]],
            'admin in an admin folder we do not know' => [['--admin=7', '--script=/backoffice/orders.php'], 'ui', $jane + ['acting_as' => null]],
            'admin and client in one browser, not acting as' => [['--admin=7', '--client=5', '--script=/clientarea.php'], 'ui', $client],
            'client' => [['--client=5'], 'ui', $client],
            'client where a folder above is called admin' => [['--client=5', '--script=/admin/billing/clientarea.php'], 'ui', $client],
            'user of a client' => [['--user=9'], 'ui', ['type' => 'user', 'id' => '9', 'name' => 'Grace Hopper', 'role' => null, 'acting_as' => $grace]],
            'nobody' => [[], 'ui', ['type' => 'unknown', 'id' => null, 'name' => null, 'role' => null, 'acting_as' => null]],
            'cron' => [['--cron'], 'cron', $system],
            'cron started by URL' => [['--script=/crons/cron.php'], 'cron', $system],
            'cron started by an admin' => [['--script=/crons/cron.php', '--admin=7'], 'cron', $jane + ['acting_as' => ['type' => 'system', 'id' => null, 'name' => 'System']]],
            'client in the browser of a cron' => [['--script=/crons/cron.php', '--client=5'], 'cron', $system],
            'gateway callback' => [['--callback=paypal'], 'callback', ['type' => 'gateway', 'id' => 'paypal', 'name' => 'paypal', 'role' => null, 'acting_as' => null]],
            'mail pipe' => [['--email'], 'email', ['type' => 'client', 'id' => '5', 'name' => null, 'role' => null, 'acting_as' => null]],
        ];
    }

    /** @dataProvider actors */
    public function testTheActorFollowsTheDoorAndTheSession(array $options, string $via, array $actor): void
    {
        $item = $this->itemOf('TicketOpen', ['ticketid' => 1, 'userid' => 5], ...$options);
        $this->assertSame($actor, $item['actor']);
        $this->assertSame($via, $item['request']['via']);
    }

    public function testAnApiCallerIsKnownByAHashAndActsAsTheAdminOfTheCredential(): void
    {
        $item = $this->itemOf('ClientAdd', ['client_id' => 6], '--api=my-identifier', '--admin=7');
        $this->assertSame('api', $item['actor']['type']);
        $this->assertSame('api', $item['request']['via']);
        $this->assertMatchesRegularExpression('/^[0-9a-f]{16}$/', $item['actor']['id']);
        $this->assertSame(['type' => 'admin', 'id' => '7', 'name' => 'jane'], $item['actor']['acting_as']);
        $this->assertStringNotContainsString('my-identifier', $this->outboxText());
    }

    public function testAnApiCallWithoutASessionIsTiedToTheAdminOfItsCredential(): void
    {
        $actor = $this->itemOf('ClientAdd', ['client_id' => 6], '--api=device-Identifier-1')['actor'];
        $this->assertSame(['api', 'admin', 'Full Administrator', ['type' => 'admin', 'id' => '1', 'name' => 'admin']], [$actor['type'], $actor['name'], $actor['role'], $actor['acting_as']]);
        $this->assertNull($this->itemOf('ClientAdd', ['client_id' => 6], '--api=nobody-s')['actor']['acting_as']);
        $this->assertStringNotContainsString('device-Identifier', $this->outboxText());
    }

    public function testEachItemOfARequestHasTheActorOfItsMoment(): void
    {
        $this->adminRequest('dologin.php');
        $_SESSION = [];
        $this->aBridge()->listen();
        logActivity('before');
        $_SESSION['adminid'] = 7;
        run_hook('AdminLogin', ['adminid' => 7, 'username' => 'jane']);
        logActivity('after');
        run_hook('AdminLogout', ['adminid' => 7]);
        $_SESSION = [];
        logActivity('gone');
        $names = array_map(static function (array $item): ?string {
            return $item['actor']['name'];
        }, $this->items());
        $this->assertSame([null, 'jane', 'jane', 'jane', null], $names);
    }

    public function testHooksThatFireOutsideASessionNameTheirActor(): void
    {
        $this->assertSame('sam', $this->itemOf('AdminLogin', ['adminid' => 8, 'username' => 'sam'], '--script=/admin/dologin.php')['actor']['name']);
        $user = $this->itemOf('UserLogin', ['user' => ['id' => 9, 'email' => 'grace@example.com', 'password' => 'x']]);
        $this->assertSame(['user', '9', 'grace@example.com'], array_values(array_slice($user['actor'], 0, 3)));
        $this->assertSame('5', $this->itemOf('ClientLogin', ['userid' => 5])['actor']['id']);
        $as = $this->itemOf('UserLogin', ['user' => ['id' => 9, 'email' => 'grace@example.com']], '--admin=7', '--script=/dologin.php');
        $this->assertSame(['admin', 'user'], [$as['actor']['type'], $as['actor']['acting_as']['type']]);
    }

    public function testTheRequestBlockPassesOnFourHeadersAndNoSessionId(): void
    {
        $item = $this->itemOf(
            'ClientEdit',
            ['userid' => 5],
            '--admin=7',
            '--ip=10.0.0.5',
            '--header-x-forwarded-for=203.0.113.42, 10.0.0.9',
            '--header-cf-connecting-ip=203.0.113.42',
            '--header-cookie=WHMCS=abc',
            '--header-authorization=Bearer abc'
        );
        $request = $item['request'];
        $this->assertSame('10.0.0.5', $request['peer']);
        $this->assertSame(['x-forwarded-for' => '203.0.113.42, 10.0.0.9', 'cf-connecting-ip' => '203.0.113.42'], $request['headers']);
        $this->assertSame('203.0.113.42', $request['whmcs_ip']);
        $this->assertSame('clientsprofile.php', $request['script']);
        $this->assertMatchesRegularExpression('/^[0-9a-f]{64}$/', $request['session']);
        $session = hash('sha256', (string) json_encode(['adminid' => 7]));
        $this->assertStringNotContainsString($session, $this->outboxText());
        $this->assertSame('9.0.1-release.1', $item['installation']['whmcs']);
    }
}
