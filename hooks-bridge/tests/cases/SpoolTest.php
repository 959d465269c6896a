<?php

declare(strict_types=1);

use PHPUnit\Framework\TestCase;
use WHMCS\Module\Addon\Sealtrail\Item;
use WHMCS\Module\Addon\Sealtrail\Spool;

final class SpoolTest extends TestCase
{
    private $folder;

    protected function setUp(): void
    {
        $this->folder = sys_get_temp_dir() . '/sealtrail-spool-test-' . bin2hex(random_bytes(4));
        mkdir($this->folder, 0700);
    }

    protected function tearDown(): void
    {
        foreach (glob($this->folder . '/*') as $path) {
            if (is_link($path)) {
                unlink($path);
            } elseif (is_dir($path)) {
                array_map('unlink', glob($path . '/*'));
                rmdir($path);
            }
        }
        rmdir($this->folder);
    }

    private function item(string $note): Item
    {
        return new Item('01a1fc40-4ed5-7a60-a491-c93d6c4abe34', 'x', '{"id":"' . $note . '"}');
    }

    private function lines(Spool $spool): array
    {
        $lines = [];
        foreach ($spool->takeFiles() as $file) {
            foreach ($spool->lines($file) as $line) {
                $lines[] = $line;
            }
        }

        return $lines;
    }

    public function testTheFirstFolderThatCanBeWrittenIsUsedAndAllAreRead(): void
    {
        $spool = new Spool(['/proc/no-such-place', $this->folder . '/a', $this->folder . '/b']);
        $spool->append($this->item('one'));
        (new Spool([$this->folder . '/b']))->append($this->item('two'));
        $this->assertSame(['{"id":"one"}', '{"id":"two"}'], $this->lines($spool));
        $this->assertSame(0700, fileperms($this->folder . '/a') & 0777);
    }

    public function testAFolderThatOthersCouldRedirectIsPassedOver(): void
    {
        mkdir($this->folder . '/open');
        chmod($this->folder . '/open', 0777);
        mkdir($this->folder . '/real', 0700);
        symlink($this->folder . '/real', $this->folder . '/link');
        $spool = new Spool([$this->folder . '/open', $this->folder . '/link', $this->folder . '/own']);
        $spool->append($this->item('one'));
        $this->assertSame([$this->folder . '/own/outbox.php'], glob($this->folder . '/*/outbox.php'));
    }

    public function testWithNoFolderAtAllItSaysSo(): void
    {
        $this->expectException(RuntimeException::class);
        (new Spool(['/proc/no-such-place']))->append($this->item('one'));
    }

    public function testManyWritersAndOneTakerLoseNothing(): void
    {
        $code = 'define("WHMCS", 1); require $argv[1]; $s = new WHMCS\Module\Addon\Sealtrail\Spool([$argv[2]]);'
            . 'for ($n = 0; $n < 200; $n++) { $s->append(new WHMCS\Module\Addon\Sealtrail\Item("", "", "{\"id\":\"" . getmypid() . "-" . $n . "\"}")); }';
        $running = [];
        for ($n = 0; $n < 4; $n++) {
            $running[] = proc_open(
                [PHP_BINARY, '-r', $code, __DIR__ . '/../../modules/addons/sealtrail/lib/autoload.php', $this->folder . '/s'],
                [],
                $pipes
            );
        }
        $spool = new Spool([$this->folder . '/s']);
        do {
            usleep(1000);
            $spool->takeFiles();
            $isRunning = array_filter($running, static function ($process): bool {
                return proc_get_status($process)['running'];
            });
        } while ($isRunning !== []);
        $lines = $this->lines($spool);
        $this->assertCount(800, $lines);
        $this->assertCount(800, array_unique($lines));
    }
}
