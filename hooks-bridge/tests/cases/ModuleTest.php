<?php

declare(strict_types=1);

use Sealtrail\StandIn\StandIn;
use Sealtrail\Tests\BridgeCase;
use Sealtrail\Tests\Endpoint;
use WHMCS\Database\Capsule;
use WHMCS\Module\Addon\Sealtrail\AdminPage;
use WHMCS\Module\Addon\Sealtrail\DeliveryState;
use WHMCS\Module\Addon\Sealtrail\HookTable;
use WHMCS\Module\Addon\Sealtrail\Limits;
use WHMCS\Module\Addon\Sealtrail\Requirements;
use WHMCS\Module\Addon\Sealtrail\Settings;
use WHMCS\Module\Addon\Sealtrail\Words;

final class ModuleTest extends BridgeCase
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

    private function page(string $method = 'GET', array $post = [], ?string $url = null): string
    {
        $_POST = $post;
        $this->moveToOutbox();
        $bridge = $this->aBridge($url ?? $this->endpoint->url());

        return (new AdminPage($bridge, new Words([]), 'addonmodules.php?module=sealtrail'))->render($method, $post);
    }

    private function press(string $action, ?string $url = null): string
    {
        return $this->page('POST', ['sealtrail_action' => $action, 'token' => generate_token('plain')], $url);
    }

    public function testTheSettingsAreThreeFieldsAndTheSecretIsMasked(): void
    {
        $config = sealtrail_config();
        $this->assertSame('1.0.0', $config['version']);
        $this->assertSame(['sidecar_url' => 'text', 'bridge_id' => 'text', 'secret' => 'password'], array_column($config['fields'], 'Type', null) ? array_map(static function (array $field): string {
            return $field['Type'];
        }, $config['fields']) : []);
    }

    public function testActivationAndDeactivationAreRecordedAndDropNothing(): void
    {
        $this->sql('DROP TABLE mod_sealtrail_outbox, mod_sealtrail_state');
        $this->adminRequest('configaddonmods.php');
        $_SESSION['adminid'] = 7;
        $this->assertSame('success', sealtrail_activate()['status']);
        sealtrail_upgrade(['version' => '0.9.0']);
        $this->assertSame('success', sealtrail_deactivate()['status']);
        $items = $this->items();
        $this->assertSame(['table_change', 'activity', 'table_change', 'activity'], array_column($items, 'kind'));
        $this->assertSame(['audit.capture_started', 'audit.capture_stopped'], array_column($items, 'own'));
        foreach ([0 => ['inactive', 'active'], 2 => ['active', 'inactive']] as $n => list($before, $after)) {
            $this->assertSame(['table_change', 'tbladdonmodules', 'sealtrail'], [$items[$n]['kind'], $items[$n]['table'], $items[$n]['key']]);
            $this->assertSame([['state' => $before], ['state' => $after]], [$items[$n]['before'], $items[$n]['after']]);
            $this->assertSame('jane', $items[$n]['actor']['name']);
        }
    }

    public function testRequirementsAreNamed(): void
    {
        $this->assertSame(['openssl', 'curl', 'json', 'mbstring', 'pdo_mysql'], array_keys(Requirements::check()));
        $this->assertSame([], Requirements::missing());
        list(, $out) = $this->php(['-n', '-r', 'define("WHMCS", 1); require $argv[1]; echo json_encode(sealtrail_activate());', __DIR__ . '/../../modules/addons/sealtrail/sealtrail.php']);
        $answer = json_decode($out, true);
        $this->assertSame('error', $answer['status']);
        $this->assertStringContainsString('curl, mbstring, pdo_mysql', $answer['description']);
    }

    public function testThePageShowsHowTheBridgeStands(): void
    {
        $this->aBridge()->recorder()->hook('ClientEdit', HookTable::PLAIN_ROW, ['userid' => 5], null);
        $this->endpoint->answer(['status' => 401]);
        $this->moveToOutbox();
        $since = $this->databaseTime();
        $this->aBridge($this->endpoint->url())->deliverer()->deliver(Limits::cron());
        $this->assertPaused('delivery', $since, DeliveryState::FIRST_PAUSE_SECONDS / 2);
        $html = $this->page();
        $this->assertMatchesRegularExpression('~Items waiting</th><td>1</td>~', $html);
        $this->assertStringContainsString('HTTP 401', $html);
        $this->assertMatchesRegularExpression('~Pause before the next attempt</th><td>\d+ s</td>~', $html);
        $this->assertStringContainsString('all present (openssl, curl, json, mbstring, pdo_mysql)', $html);
        $this->assertStringContainsString('<td>' . $this->endpoint->url() . '</td>', $html);
        $this->assertStringNotContainsString(self::SECRET, $html);
    }

    public function testThePageShowsWhichCheckpointIsKeptAndThatOneWasRefused(): void
    {
        $note = static function (int $size): string {
            return "sealtrail/x/default\n" . $size . "\n" . base64_encode(hash('sha256', (string) $size, true)) . "\n\n\u{2014} x AAAA\n";
        };
        $this->assertMatchesRegularExpression('~Checkpoints kept here</th><td>none</td>~', $this->page());
        $this->aBridge()->checkpoints()->keep($note(1542));
        $this->assertMatchesRegularExpression('~<td>1542 entries, since [\d :.-]+ UTC</td>~', $this->page());
        $this->aBridge()->checkpoints()->keep($note(7));
        $this->assertStringContainsString('The sidecar offered an earlier or another history, which was refused: held is size 1542', $this->page());
    }

    public function testTheTestButtonShowsTheRoundTripOfAHeartbeat(): void
    {
        $chain = ['status' => 'intact', 'at' => '2026-11-21T01:00:00.000Z'];
        $told = ['ok' => true, 'time' => '2026-11-21T01:02:03.456Z', 'ledger' => 'default<b>', 'chain' => $chain, 'size' => 1542];
        $this->endpoint->answer(['status' => 200, 'body' => json_encode($told)]);
        $html = $this->press('test');
        $this->assertStringContainsString('alert-success', $html);
        foreach (['2026-11-21T01:02:03.456Z', 'default&lt;b&gt;', '1542', 'Chain intact (2026-11-21T01:00:00.000Z)'] as $text) {
            $this->assertStringContainsString('<td>' . $text . '</td>', $html);
        }
        $this->assertMatchesRegularExpression('~Round trip</th><td>\d+ ms</td>~', $html);
        $this->assertSame(0, $this->endpoint->questions()[0]['outbox']['pending']);

        foreach ([['status' => 401], ['status' => 503], ['status' => 200, 'body' => '[]'], ['status' => 200, 'body' => '<html>']] as $answer) {
            $this->endpoint->answer($answer);
            $this->assertStringContainsString('alert-danger', $this->press('test'));
        }
        $this->assertStringContainsString('alert-danger', $this->press('test', 'http://127.0.0.1:' . Endpoint::freePort()));
        $this->assertStringContainsString('Not paired yet', $this->press('test', 'javascript:alert(1)'));
    }

    public function testTheTestButtonAsksAnOlderSidecarWithAnEmptyDelivery(): void
    {
        $this->endpoint->answer(['status' => 200, 'poison' => '"outbox"', 'poison_status' => 404]);
        $html = $this->press('test');
        $this->assertStringContainsString('alert-success', $html);
        $this->assertStringContainsString('HTTP 200', $html);
        $this->assertSame('{"events":[]}', $this->endpoint->deliveries()[1]['body']);
    }

    public function testLoggingIsPausedAndResumedByAButtonAndThatIsRecorded(): void
    {
        $this->adminRequest('addonmodules.php');
        $_SESSION['adminid'] = 7;
        $this->assertStringContainsString('Logging is paused. That is recorded', $this->press('pause'));
        $this->assertStringContainsString('value="resume"', $this->page());
        $this->assertStringContainsString('Logging goes on', $this->press('resume'));
        $this->assertStringContainsString('value="pause"', $this->page());
        $items = $this->items();
        $this->assertSame(['audit.capture_paused', 'audit.capture_resumed'], array_column($items, 'own'));
        $this->assertSame('jane', $items[0]['actor']['name']);
        $this->assertStringContainsString('alert-success', $this->press('reconcile'));
    }

    public function testDeliverNowAndTryAgain(): void
    {
        $this->aBridge()->recorder()->hook('ClientEdit', HookTable::PLAIN_ROW, ['note' => 'POISON'], null);
        $this->endpoint->answer(['status' => 200, 'poison' => 'POISON']);
        $this->assertStringContainsString('Try parked items again', $this->press('deliver'));
        $this->assertStringContainsString('ClientEdit', $this->page());
        $this->assertStringContainsString('another attempt: 1', $this->press('retry'));
        $this->endpoint->answer(['status' => 200]);
        $this->assertStringContainsString('alert-success', $this->press('deliver'));
        $this->assertSame(0, $this->waiting());
    }

    public function testWithoutAValidTokenOrByGetNothingIsDone(): void
    {
        $this->assertStringContainsString('Refused', $this->page('POST', ['sealtrail_action' => 'test', 'token' => 'wrong']));
        $this->assertStringContainsString('Refused', $this->page('POST', ['sealtrail_action' => 'test']));
        $this->page('GET', ['sealtrail_action' => 'test']);
        $this->press('drop_everything');
        $this->page('POST', ['sealtrail_action' => ['test'], 'token' => generate_token('plain')]);
        $this->assertSame([], $this->endpoint->deliveries());
    }

    public function testWhatOthersWroteIsEscaped(): void
    {
        $this->aBridge()->recorder()->hook('<script>x</script>', HookTable::PLAIN_ROW, ['note' => 'POISON'], null);
        $this->endpoint->answer(['status' => 400, 'poison' => 'POISON', 'body' => '<script>evil()</script>']);
        $this->assertStringNotContainsString('<script', $this->press('deliver'));
        $this->sql("UPDATE mod_sealtrail_outbox SET parked_at = NOW(), reason = '<script>evil()</script>'");
        $html = $this->page();
        $this->assertStringNotContainsString('<script', $html);
        $this->assertStringContainsString('&lt;script&gt;evil()', $html);
    }

    public function testThePageBearsADatabaseThatIsAway(): void
    {
        $bridge = $this->aBridge('', $this->databaseAway());
        $html = (new AdminPage($bridge, new Words([]), 'x'))->render('GET', []);
        $this->assertStringContainsString('cannot be read from the database', $html);
    }

    public function testTheSecretIsTakenFromTheEnvironmentThenAFileThenTheField(): void
    {
        $root = sys_get_temp_dir() . '/sealtrail-root-' . bin2hex(random_bytes(4)) . '/whmcs';
        mkdir($root, 0700, true);
        $settings = static function () use ($root): Settings {
            return new Settings($root, static function (): array {
                return ['secret' => 'whsec_' . base64_encode(str_repeat('f', 32))];
            });
        };
        $this->assertSame('field', $settings()->secretSource());
        file_put_contents($root . '/sealtrail-secret.php', "<?php return 'whsec_" . base64_encode(str_repeat('b', 32)) . "';");
        $this->assertSame('whsec_' . base64_encode(str_repeat('b', 32)), $settings()->secret());
        file_put_contents(dirname($root) . '/sealtrail-secret.php', "<?php return 'whsec_" . base64_encode(str_repeat('a', 32)) . "';");
        $this->assertSame('whsec_' . base64_encode(str_repeat('a', 32)), $settings()->secret());
        putenv('SEALTRAIL_BRIDGE_SECRET=' . self::SECRET);
        $this->assertSame([self::SECRET, 'env'], [$settings()->secret(), $settings()->secretSource()]);
        putenv('SEALTRAIL_BRIDGE_SECRET');
        array_map('unlink', [$root . '/sealtrail-secret.php', dirname($root) . '/sealtrail-secret.php']);
        rmdir($root);
        rmdir(dirname($root));
    }

    public function testEveryLanguageHasEveryText(): void
    {
        $keys = [];
        foreach (['english', 'chinese', 'chinese-tw'] as $language) {
            $_ADDONLANG = [];
            require __DIR__ . "/../../modules/addons/sealtrail/lang/$language.php";
            $keys[$language] = array_keys(array_filter($_ADDONLANG));
        }
        $this->assertSame($keys['english'], $keys['chinese']);
        $this->assertSame($keys['english'], $keys['chinese-tw']);
        $source = implode('', array_map('file_get_contents', glob(__DIR__ . '/../../modules/addons/sealtrail/{*,lib/*,lib/Admin/*}.php', GLOB_BRACE)));
        preg_match_all("/->(?:text|fill)\('([a-z_]+)'[,)]/", $source, $used);
        $this->assertSame([], array_diff($used[1], $keys['english']));
    }

    public function testTheVersionIsTheSameEverywhere(): void
    {
        $about = json_decode((string) file_get_contents(__DIR__ . '/../../modules/addons/sealtrail/whmcs.json'), true);
        $this->assertSame('sealtrail', $about['name']);
        $this->assertSame('1.0', $about['schema']);
    }

    public function testNoFileRunsWhenCalledDirectly(): void
    {
        foreach (['sealtrail.php', 'hooks.php', 'lang/english.php', 'lang/chinese.php', 'lang/chinese-tw.php'] as $file) {
            list($exit, $out) = $this->php([__DIR__ . '/../../modules/addons/sealtrail/' . $file]);
            $this->assertSame([0, 'This file cannot be accessed directly'], [$exit, $out], $file);
        }
    }
}
