<?php

declare(strict_types=1);

use PHPUnit\Framework\TestCase;

/** The oldest and the newest PHP that WHMCS runs on, as WebAssembly, beside this machine's own: each gives the same answers. */
final class PhpVersionsTest extends TestCase
{
    const FOLDER = __DIR__ . '/../php-versions';

    private static function native(): array
    {
        $root = dirname(__DIR__, 3);
        $process = proc_open([PHP_BINARY, self::FOLDER . '/behaviour.php'], [1 => ['pipe', 'w'], 2 => ['file', '/dev/null', 'w']], $pipes, null, [
            'SEALTRAIL_MODULE' => $root . '/hooks-bridge/modules/addons/sealtrail',
            'SEALTRAIL_VECTORS' => $root . '/server/core/vectors/delivery-signature',
        ] + getenv());
        $out = (string) stream_get_contents($pipes[1]);
        proc_close($process);

        return (array) json_decode($out, true);
    }

    public function testOnPhp72And84TheBridgeDoesWhatItDoesHere(): void
    {
        $process = proc_open(['node', self::FOLDER . '/run.mjs', '7-2', '8-4'], [1 => ['pipe', 'w'], 2 => ['pipe', 'w']], $pipes);
        $out = (string) stream_get_contents($pipes[1]);
        $err = (string) stream_get_contents($pipes[2]);
        $this->assertSame(0, proc_close($process), $err);
        $found = array_map(static function (string $line): array {
            return json_decode($line, true);
        }, explode("\n", trim($out)));
        $this->assertSame(['7.2', '8.4'], array_map(static function (array $one): string {
            return substr($one['version'], 0, 3);
        }, $found));
        $native = self::native()['answers'];
        $this->assertGreaterThan(40, count($native['classes']));
        $this->assertSame([true], array_values(array_unique($native['classes'])));
        $this->assertSame([true], array_values(array_unique($native['signatures'])));
        $this->assertSame(['', [], [], 0], [$native['printed'], $native['returned'], $native['trouble'], $native['broken items']]);
        $this->assertSame(3 * ($native['hooks'] - 3), $native['items'], 'three calls of each hook that is recorded');
        foreach ($found as $one) {
            $this->assertSame($native, $one['answers'], $one['version']);
        }
    }
}
