<?php

declare(strict_types=1);

namespace Sealtrail\Tests;

use PHPUnit\Framework\TestCase;
use WHMCS\Database\Capsule;
use WHMCS\Module\Addon\Sealtrail\Bridge;
use WHMCS\Module\Addon\Sealtrail\Connection;
use WHMCS\Module\Addon\Sealtrail\Settings;
use WHMCS\Module\Addon\Sealtrail\Spool;

/** A bridge over the stand-in's real database, with empty tables of ours before each test. */
abstract class BridgeCase extends TestCase
{
    const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    // Whoever waits for a sidecar that hangs is not back soon, and whoever gives it up is, on the slowest machine too.
    const HANG_MS = 30000;
    const SOON_SECONDS = 10;
    // A second, or a quarter of one, is all that a page has for the network: where the machine stood still just then, try again.
    const MOST_TRIES = 20;

    protected $spoolFolder;
    private $bridges = [];
    private $serverBefore;

    protected function setUp(): void
    {
        $this->serverBefore = $_SERVER;
        $this->spoolFolder = getenv('SEALTRAIL_SPOOL_DIR');
        array_map('unlink', glob($this->spoolFolder . '/{*,.f*}', GLOB_BRACE) ?: []);
        $this->sql('DROP TABLE IF EXISTS mod_sealtrail_outbox, mod_sealtrail_state, mod_sealtrail_known_things, mod_sealtrail_known_rows, mod_sealtrail_checkpoints');
        $this->aBridge()->schema()->create();
    }

    protected function tearDown(): void
    {
        $_SERVER = $this->serverBefore;
        $_SESSION = [];
        $_POST = [];
        $GLOBALS['hooks'] = [];
        $this->bridges = [];
    }

    /** What the end of the request does with what was written down. */
    protected function moveToOutbox(): void
    {
        foreach ($this->bridges as $bridge) {
            $bridge->moveToOutbox();
        }
    }

    protected function aBridge(string $url = '', ?callable $config = null, string $secret = self::SECRET): Bridge
    {
        $fields = ['sidecar_url' => $url, 'bridge_id' => 'bridge-1', 'secret' => $secret];

        return $this->bridges[] = new Bridge(
            $config === null ? Connection::ofBilling() : new Connection($config),
            new Settings(sys_get_temp_dir() . '/no-whmcs/here', static function () use ($fields): array {
                return $fields;
            }),
            new Spool([$this->spoolFolder])
        );
    }

    protected function databaseAway(): callable
    {
        return static function (): array {
            return ['host' => '127.0.0.1', 'port' => Endpoint::freePort(), 'database' => 'gone', 'username' => 'x', 'password' => 'y'];
        };
    }

    protected function sql(string $sql): \PDOStatement
    {
        return Capsule::connection()->getPdo()->query($sql);
    }

    /** @return array<int, array> decoded items, oldest first */
    protected function items(): array
    {
        $this->moveToOutbox();

        return array_map(static function (string $text): array {
            return json_decode($text, true, 512, JSON_THROW_ON_ERROR);
        }, $this->sql('SELECT body FROM mod_sealtrail_outbox ORDER BY id')->fetchAll(\PDO::FETCH_COLUMN));
    }

    protected function outboxText(): string
    {
        $this->moveToOutbox();

        return implode("\n", $this->sql('SELECT CONCAT(subject, body) FROM mod_sealtrail_outbox ORDER BY id')->fetchAll(\PDO::FETCH_COLUMN));
    }

    protected function waiting(): int
    {
        $this->moveToOutbox();

        return (int) $this->sql('SELECT COUNT(*) FROM mod_sealtrail_outbox WHERE parked_at IS NULL')->fetchColumn();
    }

    /** For assertPaused(): by the clock that pauses are judged by. */
    protected function databaseTime(): string
    {
        return $this->sql('SELECT UTC_TIMESTAMP(3)')->fetchColumn();
    }

    /** The pause is at least so long, counted from then. It is made an hour longer, so that it outlasts what a slow machine does in it. */
    protected function assertPaused(string $name, string $since, float $seconds): void
    {
        $longEnough = "not_before >= CAST('$since' AS DATETIME(3)) + INTERVAL " . (int) ($seconds * 1000000) . ' MICROSECOND';
        $row = " FROM mod_sealtrail_state WHERE name = '$name'";
        $this->assertSame(1, (int) $this->sql('SELECT ' . $longEnough . $row)->fetchColumn(), "$name is paused");
        $this->sql("UPDATE mod_sealtrail_state SET not_before = not_before + INTERVAL 1 HOUR WHERE name = '$name'");
    }

    protected function adminRequest(string $script = 'clientsprofile.php', string $method = 'POST')
    {
        $_SERVER = ['REQUEST_METHOD' => $method, 'SCRIPT_NAME' => '/admin/' . $script, 'REMOTE_ADDR' => '203.0.113.7'] + $_SERVER;
    }

    /** @return array{0: int, 1: string, 2: string} exit code, stdout, stderr of a PHP program in a process of its own */
    protected function php(array $arguments, array $env = []): array
    {
        $process = proc_open(
            array_merge([PHP_BINARY], $arguments),
            [1 => ['pipe', 'w'], 2 => ['pipe', 'w']],
            $pipes,
            null,
            $env + getenv()
        );
        $out = stream_get_contents($pipes[1]);
        $err = stream_get_contents($pipes[2]);

        return [proc_close($process), $out, $err];
    }

    /** @return array{0: int, 1: string, 2: string} */
    protected function fire(string $hook, array $args, array $options, array $env = []): array
    {
        return $this->php(
            array_merge([__DIR__ . '/../whmcs/fire.php', $hook, (string) json_encode((object) $args)], $options),
            $env + ['SEALTRAIL_BRIDGE_SECRET' => self::SECRET]
        );
    }
}
