<?php

declare(strict_types=1);

use Sealtrail\StandIn\StandIn;
use Sealtrail\Tests\BridgeCase;
use Sealtrail\Tests\Endpoint;
use WHMCS\Module\Addon\Sealtrail\Admin\Address;
use WHMCS\Module\Addon\Sealtrail\Admin\Breaker;
use WHMCS\Module\Addon\Sealtrail\Admin\OutputHooks;
use WHMCS\Module\Addon\Sealtrail\Admin\Summaries;
use WHMCS\Module\AbstractWidget;

/** What the module shows on WHMCS's own admin pages, and what it does to them when the sidecar does not behave. */
final class AdminAreaTest extends BridgeCase
{
    const ENTRY = [
        'seq' => 7, 'id' => 'x', 'occurred_at' => '2026-11-21T01:02:03.456Z', 'occurred_text' => '21 Nov', 'sentence' => 'jane changed <b>x</b>',
        'severity' => 'warning', 'severity_text' => 'Warning', 'category' => 'clients', 'category_text' => 'Clients', 'status' => 'valid',
    ];
    const DASHBOARD = [
        'total' => 1542, 'critical' => 3, 'today' => ['clients' => 4, 'financial' => 9], 'chain' => ['status' => 'intact', 'at' => '2026-11-21T01:00:00.000Z'],
        'bridge' => ['silent' => false],
    ];
    const CALM = ['chain' => ['status' => 'intact', 'at' => null], 'bridge_silent' => false, 'gaps' => 0];
    const HOOKS = [
        'AdminHomeWidgets' => [], 'AdminAreaHeaderOutput' => ['filename' => 'index'], 'AdminAreaClientSummaryPage' => ['userid' => 5],
        'AdminAreaClientSummaryActionLinks' => ['userid' => 5], 'AdminInvoicesControlsOutput' => ['invoiceid' => 123, 'userid' => 5],
        'AdminAreaViewTicketPage' => ['ticketid' => 31], 'AdminClientServicesTabFields' => ['id' => 41], 'AdminClientDomainsTabFields' => ['id' => 51],
    ];

    private $endpoint;
    private $answer;

    protected function setUp(): void
    {
        parent::setUp();
        $this->endpoint = new Endpoint();
        $this->adminRequest('index.php', 'GET');
        $_SESSION['adminid'] = 7;
        StandIn::setAccess('sealtrail', [1]);
        $this->sql("UPDATE tbladmins SET language = '' WHERE id = 7");
    }

    protected function tearDown(): void
    {
        $this->endpoint->stop();
        $this->sql("DELETE FROM tbladdonmodules WHERE module = 'sealtrail'");
        $_COOKIE = [];
        parent::tearDown();
    }

    private function answerWith($content)
    {
        $this->answer = ['status' => 200, 'sign' => self::SECRET, 'body' => is_string($content) ? $content : json_encode($content)];
        $this->endpoint->answer($this->answer);
    }

    private function anItemWaits()
    {
        $bridge = $this->aBridge();
        $bridge->recorder()->hook('ClientEdit', ['redact' => [], 'minimise' => []], ['userid' => 5], null);
        $bridge->moveToOutbox();
        $this->assertSame(1, $this->waiting());
    }

    /** One request: the hooks are registered anew, as at the start of a page. */
    private function listen(?string $url = null, ?callable $database = null)
    {
        $GLOBALS['hooks'] = [];
        (new OutputHooks($this->aBridge($url ?? $this->endpoint->url(), $database)))->register();
    }

    private function show(string $hook, ?string $url = null): string
    {
        $this->listen($url);

        return $this->htmlOf(run_hook($hook, self::HOOKS[$hook]));
    }

    /** As show(), where the sidecar is asked and its answer wanted: again for as long as it does not come within the page's time. */
    private function answered(string $hook): string
    {
        $html = $this->show($hook);
        for ($try = 1; $this->failures() > 0 && $try < self::MOST_TRIES; $try++) {
            // Another one: what was asked in vain may still arrive, and must not be counted.
            $this->endpoint->stop();
            $this->endpoint = new Endpoint();
            $this->endpoint->answer($this->answer);
            $this->endPause();
            $html = $this->show($hook);
        }

        return $html;
    }

    /** @return int how often in a row the sidecar was asked in vain */
    private function failures(): int
    {
        $kept = $this->sql("SELECT value FROM mod_sealtrail_state WHERE name = 'admin_pages'")->fetchColumn();

        return (int) (json_decode((string) $kept, true)['failures'] ?? 0);
    }

    private function endPause(): void
    {
        $this->sql("UPDATE mod_sealtrail_state SET not_before = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND WHERE name = 'admin_pages'");
    }

    private function lastViewer(): array
    {
        $questions = $this->endpoint->questions();

        return end($questions)['viewer'];
    }

    private function htmlOf(array $results): string
    {
        $html = '';
        foreach ($results as $result) {
            $html .= $result instanceof AbstractWidget ? $result->render() : implode('', (array) $result);
        }

        return $html;
    }

    public function testTheHooksOfThisTestAreTheHooksOfTheModule(): void
    {
        $this->assertSame(OutputHooks::HOOKS, array_keys(self::HOOKS));
    }

    public function testTheWidgetTellsHowManyHowGraveAndWhetherTheChainHolds(): void
    {
        $this->answerWith(self::DASHBOARD);
        $html = $this->answered('AdminHomeWidgets');
        $this->assertStringContainsString('<strong>1,542</strong>', $html);
        $this->assertStringContainsString('<strong>13</strong>', $html);
        $this->assertStringContainsString('Chain intact', $html);
        $this->assertMatchesRegularExpression('~Financial.*9.*Clients.*4~s', $html);
        $this->assertStringContainsString('href="/admin/addonmodules.php?module=sealtrail&amp;at=%2Fentries%3Fseverity%3Dcritical%26range%3Dall"', $html);
        $question = $this->endpoint->questions()[0];
        $this->assertSame('dashboard', $question['of']);
        $viewer = $question['viewer'];
        $this->assertSame(['7', 'jane', 'Full Administrator', 'english'], [$viewer['admin_id'], $viewer['name'], $viewer['role'], $viewer['language']]);
        $this->assertMatchesRegularExpression('/^[0-9a-f]{64}$/', $viewer['session']);
        $this->assertArrayNotHasKey('token', $viewer);
    }

    public function testTheClientsPanelShowsItsEntriesEscapedAndLeadsToAll(): void
    {
        $this->answerWith(['total' => 1, 'entries' => [self::ENTRY, ['seq' => 8, 'sentence' => ['x']] + self::ENTRY, 'garbage', ['seq' => []]]]);
        $html = $this->answered('AdminAreaClientSummaryPage');
        $this->assertStringContainsString('jane changed &lt;b&gt;x&lt;/b&gt;', $html);
        $this->assertStringContainsString('at=%2Fentries%2F7"', $html);
        $this->assertStringContainsString('at=%2Fentries%3Fclient%3D5"', $html);
        $this->assertSame(2, substr_count($html, '<tr><td'));
        $this->assertSame(['client', '5', 50], array_values(array_intersect_key($this->endpoint->questions()[0], ['of' => 0, 'id' => 0, 'limit' => 0])));
    }

    public function testNothingThatTheSidecarSaysBecomesMarkup(): void
    {
        $evil = '"><script>alert(1)</script>';
        $entry = array_map(static function () use ($evil): string {
            return $evil;
        }, self::ENTRY);
        $this->answerWith(['total' => $evil, 'entries' => [['seq' => '9' . $evil] + $entry]]);
        $html = $this->answered('AdminAreaClientSummaryPage');
        $this->answerWith(['total' => $evil, 'critical' => $evil, 'today' => [$evil => 3], 'chain' => ['status' => $evil, 'at' => $evil], 'bridge' => $evil]);
        $html .= $this->answered('AdminHomeWidgets');
        $this->answerWith(['chain' => ['status' => 'broken', 'at' => $evil], 'bridge_silent' => $evil, 'gaps' => '3' . $evil]);
        $html .= $this->answered('AdminAreaHeaderOutput');
        $this->assertStringNotContainsString('<script', $html);
        $this->assertStringContainsString('chain is broken', $html);
    }

    public function testLinksLeadFromEachThingToItsTrail(): void
    {
        $links = [
            'AdminInvoicesControlsOutput' => 'invoice%3A123', 'AdminAreaViewTicketPage' => 'ticket%3A31',
            'AdminClientServicesTabFields' => 'service%3A41', 'AdminClientDomainsTabFields' => 'domain%3A51',
        ];
        foreach ($links as $hook => $target) {
            $this->assertStringContainsString('href="/admin/addonmodules.php?module=sealtrail&amp;at=%2Fentries%3Ftarget%3D' . $target . '"', $this->show($hook), $hook);
        }
        $this->assertStringContainsString('client%3D5', $this->show('AdminAreaClientSummaryActionLinks'));
        $this->assertSame([], $this->endpoint->questions(), 'a link asks nobody');
    }

    public function testTheBannerIsSilentWhileAllIsWellAndAsksOnceAMinute(): void
    {
        $this->answerWith(self::CALM);
        $this->assertSame('', $this->answered('AdminAreaHeaderOutput'));
        $this->assertCount(1, $this->endpoint->questions());
        $this->answerWith(['gaps' => 2] + self::CALM);
        $this->assertSame('', $this->show('AdminAreaHeaderOutput'));
        $this->assertCount(1, $this->endpoint->questions());
        $this->sql("UPDATE mod_sealtrail_state SET value = JSON_SET(value, '$.facts_at', UNIX_TIMESTAMP() - 61) WHERE name = 'admin_pages'");
        $this->assertStringContainsString('what was delivered: 2', $this->answered('AdminAreaHeaderOutput'));
    }

    public function warnings(): array
    {
        return [
            'a broken chain' => [['chain' => ['status' => 'broken']], 'The chain is broken'],
            'a silent bridge' => [['bridge_silent' => true], 'more than 20 minutes'],
            'gaps' => [['gaps' => 2], 'what was delivered: 2'],
        ];
    }

    /** @dataProvider warnings */
    public function testTheBannerWarnsOf(array $facts, string $text): void
    {
        $this->answerWith($facts + self::CALM);
        $html = $this->answered('AdminAreaHeaderOutput');
        $this->assertStringContainsString($text, $html);
        $this->assertSame(1, substr_count($html, '<li>'));
    }

    public function testTheBannerWarnsOfAnOutboxThatIsNotDeliveredEvenWithTheSidecarDown(): void
    {
        $this->anItemWaits();
        $this->sql('UPDATE mod_sealtrail_outbox SET recorded_at = UTC_TIMESTAMP(3) - INTERVAL 7300 SECOND');
        $html = $this->show('AdminAreaHeaderOutput', 'http://127.0.0.1:' . Endpoint::freePort());
        $this->assertStringContainsString('waiting for delivery for 2 h', $html);
    }

    public function testTheBannerWarnsOfManyThatWaitAndOfAPause(): void
    {
        $this->answerWith(self::CALM);
        $this->anItemWaits();
        $this->sql("UPDATE mod_sealtrail_state SET value = value + 12000 WHERE name = 'sequence'");
        $this->aBridge()->state()->pause(true);
        $html = $this->show('AdminAreaHeaderOutput');
        $this->assertMatchesRegularExpression('/About 12,00\d events are waiting/', $html);
        $this->assertStringContainsString('Logging is paused', $html);
    }

    public function testItSpeaksTheLanguageOfTheAdminAndKeepsAChoiceMadeOnOurPages(): void
    {
        $this->answerWith(self::DASHBOARD);
        foreach (['chinese' => '审计日志', 'chinese-tw' => '稽核記錄', 'german' => 'Open the audit log', '../../../etc/passwd' => 'Open the audit log'] as $language => $text) {
            $this->sql("UPDATE tbladmins SET language = '" . $language . "' WHERE id = 7");
            $this->assertStringContainsString($text, $this->answered('AdminHomeWidgets'), $language);
        }
        $_COOKIE = ['sealtrail_lang' => 'zh-CN', 'sealtrail_tz' => 'Asia/Shanghai'];
        $this->answered('AdminHomeWidgets');
        $viewer = $this->lastViewer();
        $this->assertSame(['zh-CN', 'Asia/Shanghai'], [$viewer['language'], $viewer['time_zone']]);
        $_COOKIE = ['sealtrail_lang' => "x\r\ny", 'sealtrail_tz' => ['x']];
        $this->answered('AdminHomeWidgets');
        $viewer = $this->lastViewer();
        $this->assertSame(['../../../etc/passwd', date_default_timezone_get()], [$viewer['language'], $viewer['time_zone']]);
    }

    public function testARoleThatMayNotOpenTheModuleSeesNothingOfIt(): void
    {
        $this->answerWith(self::DASHBOARD);
        foreach ([[8, [1]], [7, []], [7, [2, 11]], [0, [1]], [99, [1]]] as list($admin, $roles)) {
            $_SESSION['adminid'] = $admin;
            StandIn::setAccess('sealtrail', $roles);
            foreach (array_keys(self::HOOKS) as $hook) {
                $this->assertSame('', $this->show($hook), "$hook for $admin");
            }
        }
        $this->assertSame([], $this->endpoint->questions());
    }

    public function testParametersThatWhmcsDoesNotDocumentShowNothing(): void
    {
        $this->listen();
        foreach (['AdminAreaClientSummaryPage', 'AdminInvoicesControlsOutput', 'AdminAreaViewTicketPage', 'AdminClientServicesTabFields'] as $hook) {
            foreach ([[], ['userid' => 'x', 'invoiceid' => [], 'ticketid' => null, 'id' => -3], new stdClass(), null] as $vars) {
                $this->assertSame('', $this->htmlOf(run_hook($hook, $vars)), $hook);
            }
        }
    }

    /** A page with everything on it. @return array{0: float, 1: string} seconds, HTML */
    private function wholePage(?string $url = null, ?callable $database = null): array
    {
        $this->listen($url, $database);
        $html = '';
        $startedAt = microtime(true);
        foreach (self::HOOKS as $hook => $vars) {
            $html .= $this->htmlOf(run_hook($hook, $vars));
        }

        return [microtime(true) - $startedAt, $html];
    }

    public function misbehaviours(): array
    {
        return [
            'answers 503' => [['status' => 503, 'sign' => self::SECRET, 'body' => '{}']],
            'answers 401' => [['status' => 401]],
            'hangs' => [['status' => 200, 'delay_ms' => self::HANG_MS, 'sign' => self::SECRET, 'body' => '{}']],
            'answers garbage' => [['status' => 200, 'sign' => self::SECRET, 'body' => "\0\xff<html>"]],
            'answers a number' => [['status' => 200, 'sign' => self::SECRET, 'body' => '7']],
            'answers without a signature' => [['status' => 200, 'body' => '{"total":1,"critical":0,"today":{},"chain":{"status":"intact"}}']],
            'answers with another secret' => [['status' => 200, 'sign' => 'whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', 'body' => '{"total":1}']],
            'redirects' => [['status' => 302, 'headers' => ['location: http://127.0.0.1:1/'], 'body' => '']],
            'answers without an end' => [['status' => 200, 'sign' => self::SECRET, 'body' => str_repeat('[', 2000000)]],
        ];
    }

    /** @dataProvider misbehaviours */
    public function testAPageIsWholeAndQuickThoughTheSidecar(array $answer): void
    {
        $this->endpoint->answer($answer);
        $since = $this->databaseTime();
        list($seconds, $html) = $this->wholePage();
        $this->assertLessThan(self::SOON_SECONDS, $seconds);
        foreach (['client%3D5', 'invoice%3A123', 'ticket%3A31', 'service%3A41', 'domain%3A51', 'Open the audit log'] as $link) {
            $this->assertStringContainsString($link, $html);
        }
        $this->assertAskedOnce('one failure a page is enough');
        $this->assertPaused('admin_pages', $since, Breaker::FIRST_PAUSE_SECONDS);
        $this->wholePage();
        $this->assertAskedOnce('and no page asks again before the pause is over');
    }

    /** As the module counts, and as the sidecar does: a slow one may not have got round to it yet. */
    private function assertAskedOnce(string $about): void
    {
        $this->assertSame(1, $this->failures(), $about);
        $this->assertLessThanOrEqual(1, count($this->endpoint->questions()), $about);
    }

    public function testOneQuestionMayTakeNoMoreThanAQuarterOfASecond(): void
    {
        $this->assertSame([100, 250], [Summaries::CONNECT_MS, Summaries::BUDGET_MS]);
    }

    public function testAPageIsWholeAndQuickThoughNobodyListensOrNobodyEverAnswers(): void
    {
        $silent = stream_socket_server('tcp://127.0.0.1:0');
        foreach (['http://127.0.0.1:' . Endpoint::freePort(), 'http://' . stream_socket_get_name($silent, false), 'http://192.0.2.1:8787', ''] as $url) {
            $this->sql('DELETE FROM mod_sealtrail_state');
            $since = $this->databaseTime();
            list($seconds, $html) = $this->wholePage($url);
            $this->assertLessThan(self::SOON_SECONDS, $seconds, $url);
            $this->assertStringContainsString('invoice%3A123', $html);
            $asked = $url === '' ? 0 : 1;
            $this->assertSame($asked, $this->failures(), $url);
            $asked === 0 ?: $this->assertPaused('admin_pages', $since, Breaker::FIRST_PAUSE_SECONDS);
            $this->wholePage($url);
            $this->assertSame($asked, $this->failures(), 'no page asks again: ' . $url);
        }
        fclose($silent);
    }

    public function testWithoutItsDatabaseNothingIsShownAndNothingThrown(): void
    {
        $log = ini_set('error_log', '/dev/null');
        list(, $html) = $this->wholePage(null, $this->databaseAway());
        ini_set('error_log', (string) $log);
        $this->assertSame('', $html);
    }

    public function testAfterAPauseOnePageTriesAndASuccessEndsIt(): void
    {
        $this->endpoint->answer(['status' => 503]);
        $this->wholePage();
        $this->endPause();
        $two = [new Breaker($this->aBridge()->connection()), new Breaker($this->aBridge()->connection())];
        // Both have read that the pause is over; one may go.
        $this->assertNull($two[0]->remembered());
        $this->assertNull($two[1]->remembered());
        $this->assertSame([true, false], [$two[0]->mayAsk(), $two[1]->mayAsk()]);
        $this->endPause();
        $this->answerWith(self::DASHBOARD);
        $this->assertStringContainsString('1,542', $this->answered('AdminHomeWidgets'));
        $isPaused = "SELECT not_before > UTC_TIMESTAMP(3) FROM mod_sealtrail_state WHERE name = 'admin_pages'";
        $this->assertSame([0, 0], [$this->failures(), (int) $this->sql($isPaused)->fetchColumn()]);
        $this->assertStringContainsString('1,542', $this->answered('AdminHomeWidgets'));
        $this->assertSame([10, 20, 300, 300], array_map([Breaker::class, 'pauseSeconds'], [1, 2, 6, 4000]));
    }

    public function addresses(): array
    {
        return [
            ['module=sealtrail&st=%2Fentries%3Fcategory%3Dclients%26page%3D2', '/entries', 'category=clients&page=2'],
            ['module=sealtrail&st=/entries&category=clients&category=domains&q=a+b', '/entries', 'category=clients&category=domains&q=a+b'],
            ['module=sealtrail&st=%2Fentries%3Fx%3D1&drawer=1', '/entries', 'x=1&drawer=1'],
            ['st=/entries/123', '/entries/123', ''],
            ['st=%2Fentries%3Fq%3D%25E6%259E%2597', '/entries', 'q=%E6%9E%97'],
            ['st=/entries?q=林 x', '/entries', 'q=%E6%9E%97%20x'],
            ['st=//evil.example/', '/', ''],
            ['st=https://evil.example/', '/', ''],
            ['st=%2F%5Cevil.example', '/', ''],
            ['st=%2Fentries%0d%0ax:y', '/entries%0D%0Ax:y', ''],
            ['st=/a&st=/b', '/a', ''],
            ['st=', '/', ''],
        ];
    }

    /** @dataProvider addresses */
    public function testAnAddressIsTakenOutOf(string $queryString, string $path, string $query): void
    {
        $address = Address::find($queryString, Address::RAW);
        $this->assertSame([$path, $query], [$address->path(), $address->query()]);
        $again = Address::find(explode('?', $address->under('addonmodules.php?module=sealtrail', Address::RAW))[1], Address::RAW);
        $this->assertSame([$path, $query], [$again->path(), $again->query()]);
    }

    public function testWithoutTheParameterThereIsNoAddress(): void
    {
        $this->assertNull(Address::find('module=sealtrail&last=1', Address::RAW));
        $this->assertNull(Address::find('', Address::RAW));
    }
}
