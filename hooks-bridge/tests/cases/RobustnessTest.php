<?php

declare(strict_types=1);

use Sealtrail\StandIn\StandIn;
use Sealtrail\Tests\BridgeCase;
use Sealtrail\Tests\Endpoint;

/** Whatever breaks in our code: status, headers and body of the page are what they are without us. */
final class RobustnessTest extends BridgeCase
{
    private static $server;
    private static $base;
    private static $log;

    public static function setUpBeforeClass(): void
    {
        $port = Endpoint::freePort();
        self::$base = 'http://127.0.0.1:' . $port;
        self::$log = tempnam(sys_get_temp_dir(), 'faults');
        self::$server = proc_open(
            [
                PHP_BINARY, '-d', 'display_errors=1', '-d', 'log_errors=1',
                '-d', 'error_log=' . self::$log, '-d', 'html_errors=0', '-d', 'memory_limit=128M', '-S', '127.0.0.1:' . $port,
                __DIR__ . '/../support/fault-page.php',
            ],
            [1 => ['file', '/dev/null', 'w'], 2 => ['file', '/dev/null', 'w']],
            $pipes
        );
        Endpoint::waitFor($port);
    }

    public static function tearDownAfterClass(): void
    {
        proc_terminate(self::$server);
        proc_close(self::$server);
        unlink(self::$log);
    }

    protected function setUp(): void
    {
        parent::setUp();
        StandIn::activateModule('sealtrail');
        $this->aBridge()->watch()->learn();
        $this->moveToOutbox();
        $this->sql('DELETE FROM mod_sealtrail_outbox');
    }

    protected function tearDown(): void
    {
        array_map('unlink', glob($this->spoolFolder . '/*'));
        $this->sql("DELETE FROM tbladdonmodules WHERE module = 'sealtrail'");
        parent::tearDown();
    }

    /** @return array status, headers, the body and what it is like */
    private function page(string $kind, string $fault): array
    {
        $headers = [];
        $curl = curl_init(self::$base . '/admin/clientsprofile.php?kind=' . $kind);
        curl_setopt_array($curl, [
            CURLOPT_RETURNTRANSFER => true, CURLOPT_TIMEOUT => 120, CURLOPT_POSTFIELDS => 'userid=5', CURLOPT_PROXY => '',
            CURLOPT_HTTPHEADER => $fault === '' ? [] : ['x-fault: ' . $fault],
            CURLOPT_HEADERFUNCTION => static function ($curl, string $line) use (&$headers): int {
                if (strpos($line, ':') !== false && stripos($line, 'date:') !== 0) {
                    $headers[] = (string) preg_replace('/PHPSESSID=[^;]+/', 'PHPSESSID=x', trim($line));
                }

                return strlen($line);
            },
        ]);
        $body = curl_exec($curl);
        $this->assertSame('', curl_error($curl), "$kind, $fault");
        sort($headers);

        return [curl_getinfo($curl, CURLINFO_HTTP_CODE), $headers, strlen($body), substr($body, 0, 200), substr($body, -200), md5($body)];
    }

    private function pageWithoutUs(string $kind): array
    {
        $this->sql("UPDATE tblconfiguration SET value = '' WHERE setting = 'AddonModulesHooks'");
        try {
            return $this->page($kind, '');
        } finally {
            $this->sql("UPDATE tblconfiguration SET value = 'sealtrail' WHERE setting = 'AddonModulesHooks'");
        }
    }

    private function isKept(): bool
    {
        return strpos($this->outboxText() . implode('', array_map('file_get_contents', glob($this->spoolFolder . '/*'))), 'ClientEdit') !== false;
    }

    public function faults(): array
    {
        $cases = [];
        foreach (['', 'exception in a hook', 'error in a hook', 'warning in a hook', 'broken file', 'exception at the start',
            'memory exhausted at the end', 'time-out at the end', 'exit at the end', 'fatal error at the end', 'killed at the end'] as $fault) {
            $cases[$fault === '' ? 'none' : $fault] = [$fault];
        }

        return $cases;
    }

    /** @dataProvider faults */
    public function testThePageIsWhatItIsWithoutUs(string $fault): void
    {
        foreach (['html', 'json', 'redirect', 'refused', 'buffered'] as $kind) {
            $wanted = $this->pageWithoutUs($kind);
            $this->assertSame($wanted, $this->page($kind, $fault), "$kind, $fault");
            if ($fault !== 'broken file' && $fault !== 'error in a hook') {
                $this->assertTrue($this->isKept(), "the event of $kind is kept in spite of: $fault");
            }
            array_map('unlink', glob($this->spoolFolder . '/*'));
        }
        if (!in_array($fault, ['', 'exception in a hook', 'warning in a hook', 'exit at the end'], true)) {
            $this->assertNotSame('', (string) file_get_contents(self::$log), 'and it is in the log');
        }
        file_put_contents(self::$log, '');
    }

    public function testAPageThatHasNearlyUsedUpItsMemoryStillFinishes(): void
    {
        $this->assertSame($this->pageWithoutUs('tight'), $this->page('tight', ''));
        $this->assertTrue($this->isKept());
    }
}
