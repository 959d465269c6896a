<?php

declare(strict_types=1);

use PHPUnit\Framework\TestCase;
use WHMCS\Module\Addon\Sealtrail\RequestFacts;
use WHMCS\Module\Addon\Sealtrail\RequestWatch;

final class RequestWatchTest extends TestCase
{
    private function findings(string $method, string $address, array $post = [], array $given = []): array
    {
        $query = (string) parse_url($address, PHP_URL_QUERY);
        parse_str($query, $get);
        $facts = new RequestFacts([
            'REQUEST_METHOD' => $method, 'SCRIPT_NAME' => parse_url($address, PHP_URL_PATH), 'QUERY_STRING' => $query,
            'HTTP_REFERER' => 'https://billing.example.com/admin/configgateways.php?x=secret',
        ], '');
        $given += ['hooks' => [], 'texts' => '', 'status' => 200, 'admin' => true, 'session' => []];

        return (new RequestWatch($facts, $get, $post))->findings($given['hooks'], $given['texts'], $given['status'], $given['admin'], $given['session']);
    }

    public function pages(): array
    {
        return [
            ['GET', '/admin/accessdenied.php?permid=12', [], 'admin.access_denied', ['permid' => '12', 'page' => 'configgateways.php', 'script' => 'accessdenied.php']],
            ['GET', '/admin/csvdownload.php?type=clients', [], 'client_list.exported', ['type' => 'clients', 'script' => 'csvdownload.php']],
            ['GET', '/admin/csvdownload.php?type=transactions', [], 'report.exported', ['type' => 'transactions', 'script' => 'csvdownload.php']],
            ['GET', '/admin/reports.php?report=annual_income&csv=1', [], 'report.exported', ['report' => 'annual_income', 'script' => 'reports.php']],
            ['GET', '/admin/clientssummary.php?userid=5&action=export', [], 'client.exported', ['userid' => '5', 'script' => 'clientssummary.php']],
            ['POST', '/admin/clientsccdetails.php?userid=5', ['cchash' => 'the-hash-Secret'], 'pay_method.decrypted', ['userid' => '5', 'script' => 'clientsccdetails.php']],
            ['POST', '/admin/systemcleanup.php', ['action' => 'pruneclientactivity', 'date' => '2026-01-01'], 'system.cleanup_run', ['action' => 'pruneclientactivity', 'date' => '2026-01-01', 'script' => 'systemcleanup.php']],
            ['GET', '/admin/systemdatabase.php?dlbackup=true', [], 'backup.downloaded', ['script' => 'systemdatabase.php']],
            ['POST', '/includes/api.php', ['action' => 'DomainUpdateLockingStatus', 'domainid' => '4', 'lockstatus' => '0', 'secret' => 'x-Secret'], 'domain.lock_disabled', ['domainid' => '4', 'action' => 'DomainUpdateLockingStatus']],
            ['POST', '/includes/api.php', ['action' => 'ActivateModule', 'moduleName' => 'stripe', 'moduleType' => 'gateway'], 'module.activated', ['moduleName' => 'stripe', 'moduleType' => 'gateway', 'action' => 'ActivateModule']],
        ];
    }

    /** @dataProvider pages */
    public function testAPageThatTellsIsTold(string $method, string $address, array $post, string $action, array $facts): void
    {
        $found = $this->findings($method, $address, $post);
        $this->assertCount(1, $found);
        $this->assertSame([$action, $facts], [$found[0][0], $found[0][2]]);
        $this->assertStringNotContainsString('Secret', json_encode($found));
    }

    public function silent(): array
    {
        return [
            'an ordinary page' => ['GET', '/admin/clientssummary.php?userid=5'], 'a report that is read' => ['GET', '/admin/reports.php?report=annual_income'],
            'the clean-up page itself' => ['GET', '/admin/systemcleanup.php'], 'a page that was not found' => ['GET', '/admin/csvdownload.php?type=clients', [], ['status' => 404]],
            'the same name in the client area' => ['GET', '/csvdownload.php?type=clients'], 'an API call that reads' => ['POST', '/includes/api.php', ['action' => 'GetClients']],
            'a gateway callback' => ['POST', '/modules/gateways/callback/login.php', ['username' => 'x', 'password' => 'y'], ['admin' => false]],
        ];
    }

    /** @dataProvider silent */
    public function testTheRestIsSilent(string $method, string $address, array $post = [], array $given = []): void
    {
        $this->assertSame([], $this->findings($method, $address, $post, $given));
    }

    public function testAFailedSignInIsToldOnceAndOnlyWhereItFailed(): void
    {
        $tried = ['POST', '/admin/dologin.php', ['username' => 'jane', 'password' => 'typed-Secret'], ['admin' => false]];
        $this->assertSame([['admin.login_failed', 'An administrator sign-in ended without a session.', ['username' => 'jane']]], $this->findings(...$tried));
        foreach ([
            'signed in' => ['admin' => true],
            'waiting for the second factor' => ['admin' => false, 'session' => ['2faverify' => 1]],
            'told by the activity log' => ['admin' => false, 'texts' => "x\nFailed Admin Login Attempt - Username: jane\n"],
            'the hook came' => ['admin' => false, 'hooks' => ['AdminLogin' => true]],
        ] as $what => $given) {
            $tried[3] = $given;
            $this->assertSame([], $this->findings(...$tried), $what);
        }
        $this->assertSame([], $this->findings('GET', '/admin/login.php', [], ['admin' => false]));
    }

    public function testARefusedApiCallIsADeniedOneOrABadCredential(): void
    {
        $call = ['POST', '/includes/api.php', ['action' => 'GetClients', 'identifier' => 'id-Secret', 'secret' => 'Secret'], ['status' => 403]];
        $this->assertSame([['api.access_denied', 'The API refused a call.', ['action' => 'GetClients']]], $this->findings(...$call));
        $call[3]['admin'] = false;
        $this->assertSame('api.login_failed', $this->findings(...$call)[0][0]);
        $call[3]['texts'] = 'API Authentication Failed: invalid identifier';
        $this->assertSame([], $this->findings(...$call), 'the activity log has told it');
    }
}
