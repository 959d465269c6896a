<?php

declare(strict_types=1);

use PHPUnit\Framework\TestCase;
use Sealtrail\Tests\Endpoint;

/**
 * A thousand random faults, each met by a request, on three web nodes that share one billing database: the sidecar refuses, hangs, is slow, is killed, or
 * stores and dies before its answer; PHP is killed anywhere; the database server is killed and started again. What a hook
 * has returned from is stored, once, and each node's events in their order.
 */
final class FaultsTest extends TestCase
{
    const FAULTS = 1000;
    const LEAST_RETURNED = 500;
    const MOST_ROUNDS = 1000;
    const MOODS = ['' => 8, '500' => 8, '503' => 6, 'cut' => 10, 'killed' => 10, 'slow' => 2, 'hang' => 1];
    const DATABASE_KILLED = [1 => 1, 0 => 24];
    const START_SECONDS = 120;
    const SETTLE_SECONDS = 180;
    const LANES = ['a', 'b', 'c'];
    const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

    private $folder;
    private $databasePort;
    private $database;
    private $sidecarPort;
    private $sidecar;
    private $next = ['a' => 1, 'b' => 1, 'c' => 1];
    private $counts = [];
    private $moods = [];
    private $databaseKills = [];
    private $usualMs;

    protected function setUp(): void
    {
        $this->folder = sys_get_temp_dir() . '/sealtrail-faults-' . bin2hex(random_bytes(4));
        mkdir($this->folder, 0700);
        exec('mariadb-install-db --no-defaults --auth-root-authentication-method=normal --skip-test-db --datadir=' . $this->folder . '/data 2>&1', $lines, $exit);
        $this->assertSame(0, $exit, implode("\n", $lines));
        $this->databasePort = Endpoint::freePort();
        $this->startDatabase();
        $store = new PDO('sqlite:' . $this->folder . '/store.db');
        $store->exec('CREATE TABLE entries (place INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT UNIQUE, seq INTEGER, lane TEXT, n INTEGER)');
        $this->sidecarPort = Endpoint::freePort();
        $this->run_('install.php', 'a');
    }

    protected function tearDown(): void
    {
        foreach ([$this->sidecar, $this->database] as $process) {
            if (is_resource($process)) {
                self::kill($process);
            }
        }
        exec('rm -rf ' . escapeshellarg($this->folder));
    }

    private function env(string $lane): array
    {
        return [
            'SEALTRAIL_TEST_MYSQL_URL' => 'mysql://root@127.0.0.1:' . $this->databasePort . '/billing',
            'SEALTRAIL_SIDECAR_URL' => 'http://127.0.0.1:' . $this->sidecarPort, 'SEALTRAIL_BRIDGE_ID' => 'bridge-1',
            'SEALTRAIL_BRIDGE_SECRET' => self::SECRET, 'SEALTRAIL_SPOOL_DIR' => $this->folder . '/spool-' . $lane,
        ] + getenv();
    }

    private function start(array $command, array $env)
    {
        return proc_open($command, [0 => ['file', '/dev/null', 'r'], 1 => ['file', '/dev/null', 'w'], 2 => ['file', $this->folder . '/errors.log', 'a']], $pipes, null, $env);
    }

    private function run_(string $script, string $lane, string ...$arguments): int
    {
        return proc_close($this->start(array_merge([PHP_BINARY, __DIR__ . '/../whmcs/' . $script], $arguments), $this->env($lane)));
    }

    private static function kill($process): void
    {
        $status = proc_get_status($process);
        if ($status['running']) {
            posix_kill($status['pid'], SIGKILL);
        }
        proc_close($process);
    }

    private function startDatabase(): void
    {
        $this->database = $this->start([
            'mariadbd', '--no-defaults', '--user=' . posix_getpwuid(posix_geteuid())['name'], '--datadir=' . $this->folder . '/data',
            '--socket=' . $this->folder . '/db.sock', '--bind-address=127.0.0.1', '--port=' . $this->databasePort,
            '--innodb-buffer-pool-size=32M', '--innodb-log-file-size=16M', '--skip-log-bin',
        ], getenv());
        for ($deadline = microtime(true) + self::START_SECONDS; microtime(true) < $deadline; usleep(20000)) {
            try {
                new PDO('mysql:host=127.0.0.1;port=' . $this->databasePort, 'root', '');

                return;
            } catch (PDOException $e) {
                continue;
            }
        }
        $this->fail('the database does not start');
    }

    private function mood(string $mood): void
    {
        file_put_contents($this->folder . '/mood.new', $mood);
        rename($this->folder . '/mood.new', $this->folder . '/mood');
        $isUp = is_resource($this->sidecar) && proc_get_status($this->sidecar)['running'];
        if ($mood === 'killed' && $isUp) {
            self::kill($this->sidecar);
        }
        if ($mood !== 'killed' && !$isUp) {
            $this->sidecar = $this->start([PHP_BINARY, '-S', '127.0.0.1:' . $this->sidecarPort, __DIR__ . '/../support/fault-sidecar.php'], ['SEALTRAIL_FAULTS' => $this->folder] + getenv());
            Endpoint::waitFor($this->sidecarPort);
        }
    }

    private function request(string $lane, int $hooks, int $gapMs)
    {
        $process = $this->start(
            [PHP_BINARY, __DIR__ . '/../support/fault-worker.php', $lane, (string) $this->next[$lane], (string) $hooks, (string) $gapMs, $this->folder . '/returned'],
            $this->env($lane)
        );
        $this->next[$lane] += $hooks;

        return $process;
    }

    private function noPause(): void
    {
        try {
            (new PDO('mysql:host=127.0.0.1;port=' . $this->databasePort . ';dbname=billing', 'root', ''))
                ->exec("UPDATE mod_sealtrail_state SET not_before = NULL WHERE name = 'delivery'");
        } catch (PDOException $e) {
            return;
        }
    }

    /**
     * The next of a shuffled deck: each card comes as often as it should before any comes again, so that none is left out by chance.
     *
     * @param array $cards card => how many of them
     */
    private static function deal(array &$deck, array $cards): string
    {
        if ($deck === []) {
            foreach ($cards as $card => $count) {
                $deck = array_merge($deck, array_fill(0, $count, (string) $card));
            }
            shuffle($deck);
        }

        return array_pop($deck);
    }

    /** How long three short requests take now, with nothing in their way: what is killed is killed in the midst of that. */
    private function measure(): void
    {
        $this->mood('');
        $this->noPause();
        $took = [];
        for ($n = 0; $n < 3; $n++) {
            $startedAt = microtime(true);
            $running = array_map(function (string $lane) {
                return $this->request($lane, 2, 1);
            }, self::LANES);
            array_map('proc_close', $running);
            $took[] = (microtime(true) - $startedAt) * 1000;
        }
        sort($took);
        $this->usualMs = (int) $took[1];
    }

    /** Waits for a share of what a request usually takes. */
    private function sleepFor(int $leastPercent, int $mostPercent): void
    {
        usleep($this->usualMs * mt_rand($leastPercent, $mostPercent) * 10);
    }

    private function returned(): array
    {
        return file($this->folder . '/returned', FILE_IGNORE_NEW_LINES);
    }

    private function fault(string $what): void
    {
        $this->counts[$what] = ($this->counts[$what] ?? 0) + 1;
    }

    public function testAThousandFaultsLoseNothingStoreNothingTwiceAndKeepTheOrder(): void
    {
        mt_srand($seed = random_int(1, 1000000));
        $this->measure();
        for ($round = 0; $round < self::MOST_ROUNDS && !$this->isEnough(); $round++) {
            $this->moods !== [] || $this->measure();
            $mood = self::deal($this->moods, self::MOODS);
            $this->mood($mood);
            $this->noPause();
            $withDatabase = self::deal($this->databaseKills, self::DATABASE_KILLED) === '1';
            $running = [];
            foreach (self::LANES as $lane) {
                $mood === '' ?: $this->fault('sidecar ' . $mood);
                $running[$lane] = $withDatabase ? $this->request($lane, 10, 60) : $this->request($lane, mt_rand(1, 4), mt_rand(0, 3));
            }
            if ($withDatabase) {
                $this->sleepFor(50, 100);
                usleep(mt_rand(0, 400) * 1000);
                self::kill($this->database);
                $this->startDatabase();
                $this->fault('database killed');
            }
            foreach ($running as $process) {
                if (!$withDatabase && mt_rand(1, 100) <= 70) {
                    $this->sleepFor(5, 35);
                    if (proc_get_status($process)['running']) {
                        $this->fault('PHP killed');
                    }
                    self::kill($process);
                }
            }
            foreach ($running as $process) {
                is_resource($process) && proc_close($process);
            }
        }
        $this->settle();
        $about = 'seed ' . $seed . ', ' . json_encode($this->counts);
        foreach (['sidecar cut', 'sidecar killed', 'sidecar hang', 'PHP killed', 'database killed'] as $fault) {
            $this->assertGreaterThan(0, $this->counts[$fault] ?? 0, $about);
        }
        $this->assertGreaterThanOrEqual(self::FAULTS, array_sum($this->counts), $about);
        $this->check($about);
        fwrite(STDERR, 'faults: ' . $about . "\n");
    }

    /** A thousand faults, and as many events that came through them as an ordinary machine has by then. */
    private function isEnough(): bool
    {
        return array_sum($this->counts) >= self::FAULTS && count($this->returned()) > self::LEAST_RETURNED;
    }

    private function settle(): void
    {
        $this->mood('');
        for ($deadline = microtime(true) + self::SETTLE_SECONDS; microtime(true) < $deadline;) {
            // A deliverer that was killed holds its lease a while longer.
            sleep(1);
            foreach (self::LANES as $lane) {
                $this->noPause();
                $this->run_('crons/cron.php', $lane);
            }
            $left = (int) (new PDO('mysql:host=127.0.0.1;port=' . $this->databasePort . ';dbname=billing', 'root', ''))
                ->query('SELECT COUNT(*) FROM mod_sealtrail_outbox')->fetchColumn();
            // Whose cron came while the lease was still held has not yet moved what lies in its files.
            $files = glob($this->folder . '/spool-*/*');
            if ($left === 0 && $files === []) {
                return;
            }
        }
        $this->fail($left . ' items are left in the outbox, and ' . count($files) . ' files');
    }

    private function check(string $about): void
    {
        $store = new PDO('sqlite:' . $this->folder . '/store.db');
        $returned = array_count_values($this->returned());
        $stored = array_count_values($store->query("SELECT lane || ' ' || n FROM entries WHERE lane IS NOT NULL")->fetchAll(PDO::FETCH_COLUMN));
        $this->assertGreaterThan(self::LEAST_RETURNED, count($returned));
        $this->assertSame([], array_diff_key($returned, $stored), 'lost: ' . $about);
        $this->assertSame([], array_filter($stored, static function (int $times): bool {
            return $times > 1;
        }), 'stored twice: ' . $about);
        $seqs = array_map('intval', $store->query('SELECT seq FROM entries ORDER BY place')->fetchAll(PDO::FETCH_COLUMN));
        $this->assertSame(range(min($seqs), max($seqs)), $seqs, 'every number once, none missing, in order: ' . $about);
        foreach (self::LANES as $lane) {
            $found = array_map('intval', $store->query("SELECT n FROM entries WHERE lane = '$lane' ORDER BY seq")->fetchAll(PDO::FETCH_COLUMN));
            $sorted = $found;
            sort($sorted);
            $this->assertSame($sorted, $found, "order of node $lane: $about");
        }
        $this->assertSame([], glob($this->folder . '/spool-*/*'), 'no file is left behind');
    }
}
