<?php

declare(strict_types=1);

namespace Sealtrail\Tests;

/** A real HTTP endpoint in a process of its own that answers as it is told and keeps what it was sent. */
final class Endpoint
{
    const START_SECONDS = 60;

    private $folder;
    private $process;
    private $port;

    public function __construct()
    {
        $this->folder = sys_get_temp_dir() . '/sealtrail-endpoint-' . bin2hex(random_bytes(4));
        mkdir($this->folder);
        $this->port = self::freePort();
        $this->answer(['status' => 200]);
        $this->process = proc_open(
            [PHP_BINARY, '-S', '127.0.0.1:' . $this->port, __DIR__ . '/endpoint-router.php'],
            [1 => ['file', '/dev/null', 'w'], 2 => ['file', '/dev/null', 'w']],
            $pipes,
            null,
            ['SEALTRAIL_ENDPOINT' => $this->folder, 'PHP_CLI_SERVER_WORKERS' => '4'] + getenv()
        );
        self::waitFor($this->port);
    }

    public function url(): string
    {
        return 'http://127.0.0.1:' . $this->port;
    }

    /**
     * @param array $answer status, headers, body, delay_ms, poison (a text that makes a delivery a 400), drop (accept one less),
     *                      sign (the secret to sign a page or summary with), type (its Content-Type), repeat (the body so often)
     */
    public function answer(array $answer)
    {
        file_put_contents($this->folder . '/answer.tmp', json_encode($answer));
        rename($this->folder . '/answer.tmp', $this->folder . '/answer.json');
    }

    /** What was asked for besides deliveries. @return array<int, array> decoded bodies */
    public function questions(): array
    {
        return array_values(array_map(static function (array $request): array {
            return json_decode($request['json'], true);
        }, array_filter($this->requests(), static function (array $request): bool {
            return $request['path'] !== '/bridge/v1/events';
        })));
    }

    /** @return array<int, array{at: float, status: int, headers: array, body: string, json: string, events: array}> */
    public function deliveries(): array
    {
        return array_values(array_filter($this->requests(), static function (array $request): bool {
            return in_array($request['path'], ['/bridge/v1/events', '/bridge/v1/heartbeat'], true);
        }));
    }

    private function requests(): array
    {
        $files = glob($this->folder . '/delivery-*.json');
        sort($files);

        return array_map(static function (string $file): array {
            $delivery = json_decode((string) file_get_contents($file), true);
            $delivery['body'] = base64_decode($delivery['body']);
            $isPacked = ($delivery['headers']['content-encoding'] ?? '') === 'gzip';
            $delivery['json'] = $isPacked ? gzdecode($delivery['body']) : $delivery['body'];
            $delivery['events'] = json_decode($delivery['json'], true)['events'] ?? [];

            return $delivery;
        }, $files);
    }

    public function forget()
    {
        array_map('unlink', glob($this->folder . '/delivery-*.json'));
        $this->answer(['status' => 200]);
    }

    public function stop()
    {
        $master = proc_get_status($this->process)['pid'];
        // The built-in server's workers are its children and outlive it.
        $workers = array_filter(array_map('intval', explode(' ', (string) @file_get_contents("/proc/$master/task/$master/children"))));
        foreach (array_merge([$master], $workers) as $pid) {
            posix_kill($pid, SIGKILL);
        }
        proc_close($this->process);
        array_map('unlink', glob($this->folder . '/*'));
        rmdir($this->folder);
    }

    /** Until a server that was just started listens there, however long that takes on this machine. */
    public static function waitFor(int $port)
    {
        for ($deadline = microtime(true) + self::START_SECONDS; microtime(true) < $deadline; usleep(5000)) {
            $socket = @fsockopen('127.0.0.1', $port);
            if ($socket !== false) {
                fclose($socket);

                return;
            }
        }
        throw new \RuntimeException("nobody listens on port $port");
    }

    public static function freePort(): int
    {
        $socket = stream_socket_server('tcp://127.0.0.1:0');
        $name = stream_socket_get_name($socket, false);
        fclose($socket);

        return (int) substr(strrchr($name, ':'), 1);
    }
}
