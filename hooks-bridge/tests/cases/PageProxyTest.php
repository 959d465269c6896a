<?php

declare(strict_types=1);

use Sealtrail\StandIn\StandIn;
use Sealtrail\Tests\BridgeCase;
use Sealtrail\Tests\Endpoint;
use Sealtrail\Tests\Visit;

/** Pages of the sidecar through the addon page, asked for over HTTP: what is printed, what is kept back, what is refused. */
final class PageProxyTest extends BridgeCase
{
    const ADDON = '/admin/addonmodules.php?module=sealtrail';
    const PAGE = self::ADDON . '&st=%2Fentries';
    const CSV = ['content-disposition: attachment; filename=sealtrail-audit.csv'];

    private static $visit;
    private $endpoint;

    public static function setUpBeforeClass(): void
    {
        self::$visit = new Visit(['memory_limit=24M', 'output_buffering=4096'], ['SEALTRAIL_BRIDGE_SECRET' => self::SECRET]);
        self::$visit->signIn();
    }

    public static function tearDownAfterClass(): void
    {
        self::$visit->end();
    }

    protected function setUp(): void
    {
        parent::setUp();
        $this->endpoint = new Endpoint();
        StandIn::activateModule('sealtrail');
        StandIn::moduleSetting('sealtrail', 'sidecar_url', $this->endpoint->url());
        StandIn::moduleSetting('sealtrail', 'bridge_id', 'bridge-1');
    }

    protected function tearDown(): void
    {
        $this->endpoint->stop();
        $this->sql("DELETE FROM tbladdonmodules WHERE module = 'sealtrail'");
        parent::tearDown();
    }

    private function answerWith(string $body, array $more = [])
    {
        $this->endpoint->answer($more + ['status' => 200, 'sign' => self::SECRET, 'type' => 'text/html; charset=utf-8', 'body' => $body]);
    }

    /** What the sidecar was asked, without the banner of other pages. */
    private function asked(): array
    {
        return array_values(array_filter($this->endpoint->questions(), static function (array $question): bool {
            return isset($question['method']);
        }));
    }

    public function testAPageIsPrintedAsItIsWithNothingAroundIt(): void
    {
        $this->answerWith('<p>林 & <b>page</b></p>', ['headers' => ["content-security-policy: default-src 'none'", 'cache-control: no-store', 'x-strange: 1']]);
        $answer = self::$visit->request(self::PAGE . '%3Fq%3Da%2Bb&page=2');
        $this->assertSame([200, '<p>林 & <b>page</b></p>'], [$answer['status'], $answer['body']]);
        $this->assertSame([['text/html; charset=utf-8'], ['no-store'], ["default-src 'none'"]], [
            $answer['headers']['content-type'], $answer['headers']['cache-control'], $answer['headers']['content-security-policy'],
        ]);
        foreach (['x-strange', 'sealtrail-answer', 'pragma', 'expires'] as $name) {
            $this->assertArrayNotHasKey($name, $answer['headers']);
        }
        $asked = $this->asked()[0];
        $this->assertSame(['GET', '/entries', 'q=a+b&page=2', ''], [$asked['method'], $asked['path'], $asked['query'], $asked['form']]);
        $this->assertSame(['base' => 'addonmodules.php?module=sealtrail', 'path_param' => 'st'], $asked['mount']);
        $this->assertSame(['1', 'admin', 'Full Administrator', 'english'], array_values(array_intersect_key($asked['viewer'], array_flip(['admin_id', 'name', 'role', 'language']))));
        $this->assertMatchesRegularExpression('/^[0-9a-f]{40}$/', $asked['viewer']['token']);
    }

    public function unbelievable(): array
    {
        $script = '<script>alert(1)</script>';

        return [
            'without a signature' => [['sign' => null, 'body' => $script]],
            'signed with another secret' => [['sign' => 'whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', 'body' => $script]],
            'a download without a signature' => [['sign' => null, 'body' => $script, 'headers' => self::CSV]],
            'signed as a download and shown as a page' => [['body' => $script, 'headers' => ['content-disposition: attachment'], 'retype' => true]],
        ];
    }

    /** @dataProvider unbelievable */
    public function testAnAnswerIsNotShownThatCame(array $answer): void
    {
        $this->endpoint->answer(array_filter($answer, static function ($value): bool {
            return $value !== null;
        }) + ['status' => 200, 'type' => 'text/html; charset=utf-8'] + (array_key_exists('sign', $answer) ? [] : ['sign' => self::SECRET]));
        $shown = self::$visit->request(self::PAGE);
        if (isset($answer['retype'])) {
            // It stays what it was signed as: a file, which no browser runs.
            $this->assertSame(['attachment'], $shown['headers']['content-disposition']);

            return;
        }
        $this->assertSame(502, $shown['status']);
        $this->assertStringNotContainsString('<script>', $shown['body']);
        $this->assertStringContainsString('not the answer of our sidecar', $shown['body']);
    }

    public function testAnAnswerToAnotherQuestionIsNotShown(): void
    {
        // Signed for the id of an earlier request, as somebody who has recorded it would send it.
        $lines = ['answer', 'msg_earlier', '200', 'text/html; charset=utf-8', '', '', hash('sha256', '<p>old</p>')];
        $mac = base64_encode(hash_hmac('sha256', implode("\n", $lines), (string) base64_decode(substr(self::SECRET, 6)), true));
        $this->endpoint->answer(['status' => 200, 'body' => '<p>old</p>', 'headers' => ['content-type: text/html; charset=utf-8', 'sealtrail-answer: v1,' . $mac]]);
        $this->assertSame(502, self::$visit->request(self::PAGE)['status']);
    }

    public function testADownloadPassesWholeInLittleMemory(): void
    {
        $piece = str_repeat("1,2,3\r\n", 10000);
        $this->answerWith($piece, ['type' => 'text/csv; charset=utf-8', 'headers' => self::CSV, 'repeat' => 1500]);
        $bytes = 0;
        $answer = self::$visit->request(self::ADDON . '&st=%2Fexport.csv', null, [CURLOPT_WRITEFUNCTION => static function ($curl, string $some) use (&$bytes): int {
            $bytes += strlen($some);

            return strlen($some);
        }]);
        $this->assertSame([200, strlen($piece) * 1500], [$answer['status'], $bytes], 'more than 100 MB through a PHP that may use 24');
        $this->assertSame(['attachment; filename=sealtrail-audit.csv'], $answer['headers']['content-disposition']);
        $this->assertStringContainsString('text/csv', $answer['headers']['content-type'][0]);
    }

    public function testADownloadThatBreaksOffSaysSo(): void
    {
        $this->answerWith("seq\r\n1\r\n", ['type' => 'text/csv; charset=utf-8', 'headers' => array_merge(self::CSV, ['content-length: 999'])]);
        $this->assertStringContainsString("1\r\n\r\nINCOMPLETE", self::$visit->request(self::ADDON . '&st=%2Fexport.csv')['body']);
    }

    public function testARedirectLeadsToPagesOfOursAndNowhereElse(): void
    {
        $this->answerWith('', ['status' => 303, 'headers' => ['location: addonmodules.php?module=sealtrail&st=%2Fverify']]);
        $answer = self::$visit->request(self::PAGE);
        $this->assertSame([303, ['addonmodules.php?module=sealtrail&st=%2Fverify']], [$answer['status'], $answer['headers']['location']]);
        $this->answerWith('', ['status' => 303, 'headers' => ['location: https://evil.example/']]);
        $this->assertArrayNotHasKey('location', self::$visit->request(self::PAGE)['headers']);
    }

    public function testOnlyTheChoiceOfLanguageAndZoneBecomesACookie(): void
    {
        $this->answerWith('', ['headers' => ['set-cookie: sealtrail_lang=zh-TW; Path=/; Domain=evil.example']]);
        $cookies = self::$visit->request(self::PAGE)['headers']['set-cookie'];
        $this->assertSame(['sealtrail_lang=zh-TW; Max-Age=31536000; HttpOnly; SameSite=Lax'], $cookies);
        self::$visit->request(self::PAGE);
        $this->assertSame('zh-TW', $this->asked()[1]['viewer']['language']);
        foreach (['sealtrail_lang=xx', 'PHPSESSID=x', 'sealtrail_tz=' . rawurlencode("x\r\ny")] as $cookie) {
            $this->answerWith('', ['headers' => ['set-cookie: ' . $cookie]]);
            $this->assertArrayNotHasKey('set-cookie', self::$visit->request(self::PAGE)['headers'], $cookie);
        }
    }

    public function testAFormPassesWithWhmcssTokenAndIsRefusedWithoutIt(): void
    {
        $this->answerWith('done');
        $token = self::$visit->token('/admin/myaccount.php');
        $answer = self::$visit->request(self::PAGE, ['_csrf' => 'ours', 'x' => 'a&b=c', 'token' => $token]);
        $this->assertSame([200, 'done'], [$answer['status'], $answer['body']]);
        $asked = $this->asked()[0];
        $this->assertSame(['POST', '_csrf=ours&x=a%26b%3Dc'], [$asked['method'], $asked['form']]);
        foreach ([[], ['token' => ''], ['token' => 'x'], ['token' => [$token]]] as $fields) {
            $answer = self::$visit->request(self::PAGE, $fields + ['_csrf' => 'ours']);
            $this->assertSame(403, $answer['status']);
            $this->assertStringNotContainsString('navbar', $answer['body']);
        }
        $this->assertCount(1, $this->asked());
    }

    public function testWhatCannotBeShownSaysWhatToDo(): void
    {
        $this->endpoint->answer(['status' => 401]);
        $answer = self::$visit->request(self::PAGE);
        $this->assertSame(502, $answer['status']);
        $this->assertStringContainsString('compare the clocks', $answer['body']);
        StandIn::moduleSetting('sealtrail', 'sidecar_url', 'http://127.0.0.1:' . Endpoint::freePort());
        $answer = self::$visit->request(self::PAGE);
        $this->assertSame(503, $answer['status']);
        $this->assertStringContainsString('Nothing is lost', $answer['body']);
        $this->assertStringContainsString('href="addonmodules.php?module=sealtrail&amp;tab=bridge"', $answer['body']);
        StandIn::moduleSetting('sealtrail', 'sidecar_url', '');
        $this->assertSame(503, self::$visit->request(self::PAGE)['status']);
    }

    public function testAFileThatTheBrowserHasIsNotSentAgain(): void
    {
        $this->answerWith('', ['status' => 304, 'headers' => ['etag: W/"1"'], 'type' => '']);
        $answer = self::$visit->request(self::ADDON . '&st=%2Fassets%2Fx.css', null, [CURLOPT_HTTPHEADER => ['if-none-match: W/"1"']]);
        $this->assertSame([304, ''], [$answer['status'], $answer['body']]);
        $this->assertSame('W/"1"', $this->asked()[0]['if_none_match']);
    }

    public function testTheFrameShowsTheAddressAndEscapesIt(): void
    {
        $page = self::$visit->get(self::ADDON . '&at=' . rawurlencode('/entries?q="><script>x</script>'));
        $this->assertStringContainsString('<iframe class="sealtrail-frame"', $page);
        $this->assertStringNotContainsString('<script>x', $page);
        $this->assertStringContainsString('st=%2Fentries%3Fq%3D', $page);
    }
}
