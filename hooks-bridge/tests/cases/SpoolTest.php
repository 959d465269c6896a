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
        $spool->drain(static function (iterable $found) use (&$lines) {
            foreach ($found as $line) {
                $lines[] = $line;
            }
        });
        $spool->close();

        return $lines;
    }

    public function testTheFirstFolderThatCanBeWrittenIsUsedAndAllAreRead(): void
    {
        $spool = new Spool(['/proc/no-such-place', $this->folder . '/a', $this->folder . '/b']);
        $spool->append($this->item('one'));
        $gone = new Spool([$this->folder . '/b']);
        $gone->append($this->item('two'));
        $gone->close();
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
        $this->assertCount(1, glob($this->folder . '/own/spool-*.php'));
        $this->assertCount(1, glob($this->folder . '/*/*'));
        $this->assertSame("<?php exit; ?>\n{\"id\":\"one\"}\n", file_get_contents(glob($this->folder . '/own/*')[0]));
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
        $lines = [];
        do {
            $isRunning = array_filter($running, static function ($process): bool {
                return proc_get_status($process)['running'];
            });
            usleep(1000);
            $lines = array_merge($lines, $this->lines($spool));
        } while ($isRunning !== []);
        $this->assertCount(800, $lines);
        $this->assertCount(800, array_unique($lines));
        $this->assertSame([], glob($this->folder . '/s/*'));
    }

    public function testAFileWhoseRequestStillRunsIsLeftAloneAndOneWhoseProcessWasKilledIsTaken(): void
    {
        $process = proc_open(
            [PHP_BINARY, '-r', 'define("WHMCS", 1); require $argv[1]; $s = new WHMCS\Module\Addon\Sealtrail\Spool([$argv[2]]);'
                . '$s->append(new WHMCS\Module\Addon\Sealtrail\Item("", "", "{\"id\":\"killed\"}")); echo "ready"; sleep(60);',
                __DIR__ . '/../../modules/addons/sealtrail/lib/autoload.php', $this->folder . '/s'],
            [1 => ['pipe', 'w']],
            $pipes
        );
        $this->assertSame('ready', fread($pipes[1], 5));
        $spool = new Spool([$this->folder . '/s']);
        $this->assertSame([], $this->lines($spool));
        $this->assertSame(1, $spool->waitingFiles());
        proc_terminate($process, SIGKILL);
        while (proc_get_status($process)['running']) {
            usleep(1000);
        }
        $this->assertSame(['{"id":"killed"}'], $this->lines($spool));
        $this->assertSame([], glob($this->folder . '/s/*'));
    }

    public function testFilesAreMovedOldestFirstAndTheRequestsOwnAmongThem(): void
    {
        $older = new Spool([$this->folder . '/s']);
        $older->append($this->item('older'));
        $own = new Spool([$this->folder . '/s']);
        $own->append($this->item('own 1'));
        $older->close();
        $this->assertSame(['{"id":"older"}', '{"id":"own 1"}'], $this->lines($own));
    }

    public function testWhatWasNotMovedStaysAndWhatWasIsNotMovedAgain(): void
    {
        $spool = new Spool([$this->folder . '/s']);
        $spool->append($this->item('one'));
        try {
            $spool->drain(static function (iterable $lines) {
                foreach ($lines as $line) {
                    throw new RuntimeException('the database is away');
                }
            });
            $this->fail('drained');
        } catch (RuntimeException $e) {
            $spool->append($this->item('two'));
        }
        $moved = [];
        for ($n = 0; $n < 2; $n++) {
            $spool->drain(static function (iterable $lines) use (&$moved) {
                foreach ($lines as $line) {
                    $moved[] = $line;
                }
            });
        }
        $this->assertSame(['{"id":"one"}', '{"id":"two"}'], $moved);
        $spool->append($this->item('three'));
        $this->assertSame(['{"id":"three"}'], $this->lines($spool));
    }

    public function testAFileOfAnotherMachineIsTakenOnlyWhenItIsOld(): void
    {
        mkdir($this->folder . '/s', 0700);
        $file = $this->folder . '/s/spool-0000000000000001-ffffffff-00000000.php';
        file_put_contents($file, "<?php exit; ?>\n{\"id\":\"foreign\"}\n");
        $spool = new Spool([$this->folder . '/s']);
        $this->assertSame([], $this->lines($spool));
        touch($file, time() - 2 * Spool::FOREIGN_AFTER_SECONDS);
        $this->assertSame(['{"id":"foreign"}'], $this->lines($spool));
    }
}
