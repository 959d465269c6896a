<?php

declare(strict_types=1);

use Sealtrail\Tests\BridgeCase;
use WHMCS\Module\Addon\Sealtrail\HookTable;

final class HookCallbacksTest extends BridgeCase
{
    private static $params;

    protected function setUp(): void
    {
        parent::setUp();
        $GLOBALS['hooks'] = [];
        $this->aBridge()->listen();
    }

    private function documented(string $hook): array
    {
        if (self::$params === null) {
            $rows = json_decode((string) file_get_contents(__DIR__ . '/../../../server/core/catalogue/hooks.json'), true)['hooks'];
            self::$params = array_column($rows, 'params', 'hook');
        }
        $args = [];
        foreach (self::$params[$hook] ?? [] as $name) {
            $args[$name] = $this->sample($name);
        }

        return $args;
    }

    private function sample(string $name)
    {
        switch ($name) {
            case 'params':
                return ['serviceid' => 3, 'userid' => 5, 'domainid' => 4, 'sld' => 'example', 'tld' => 'com', 'ns1' => 'ns1.example.com'];
            case 'user':
                return new WHMCS\User\User(['id' => 9, 'email' => 'grace@example.com']);
            case 'invoice':
                return new WHMCS\Billing\Invoice(['id' => 123, 'total' => '99.00']);
            case 'olddata':
                return ['firstname' => 'Before'];
            case 'date':
                return new DateTime('2026-11-21');
            case 'amount':
                return 12.5;
        }

        return preg_match('/id$/i', $name) ? 7 : 'value of ' . $name;
    }

    private function hostile(): array
    {
        $recursive = ['a' => 1];
        $recursive['self'] = &$recursive;
        $deep = [];
        for ($n = 0; $n < 200; $n++) {
            $deep = ['deeper' => $deep];
        }
        $loop = new stdClass();
        $loop->id = 1;
        $loop->self = $loop;

        return [
            'nothing' => [],
            'null' => [null],
            'a string' => ['text'],
            'a number' => [1.5],
            'an object' => [new stdClass()],
            'an object that points at itself' => [['user' => $loop]],
            'a trap of magic' => [['user' => new MagicTrap()]],
            'a resource' => [['params' => fopen('php://memory', 'r')]],
            'a closure' => [['params' => static function () {
            }]],
            'recursion' => [$recursive],
            'depth' => [$deep],
            'ten megabytes' => [['description' => str_repeat('x', 10000000), 'message' => str_repeat("\x00", 10000000)]],
            'many items' => [array_fill(0, 100000, 'item')],
            'invalid UTF-8' => [["\xff\xfe" => "\xc3\x28", 'description' => "\xed\xa0\x80 lone surrogate", 'message' => "cut \xe4\xb8"]],
            'numbers' => [['amount' => NAN, 'total' => INF, 'id' => PHP_INT_MAX, 'fees' => 1.0e25, 'x' => -0.0]],
            'wrong types' => [['olddata' => 'not an array', 'params' => 7, 'user' => false, 'userid' => ['x'], 'results' => null]],
            'numeric keys' => [[5 => 'a', '' => 'empty key', '0x' => 'b']],
            'many positional' => [1, 'two', new stdClass(), null, [5]],
        ];
    }

    public function testEveryHookWithItsDocumentedParametersIsDurableBeforeItReturnsAndReturnsNothing(): void
    {
        $count = 0;
        foreach (HookTable::load()->rows() as $hook => $row) {
            if (in_array($row['role'], ['audit', 'daily'], true)) {
                $this->assertQuiet($hook, [$this->documented($hook)]);
                $this->assertSame(++$count, $this->waiting(), $hook);
            }
        }
        foreach ($this->items() as $item) {
            $this->assertArrayNotHasKey('capture_error', $item);
            $this->assertMatchesRegularExpression('/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/', $item['id']);
            $this->assertMatchesRegularExpression('/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/', $item['occurred_at']);
        }
    }

    public function testEveryHookBearsHostileInputInSilence(): void
    {
        $hooks = array_keys(HookTable::load()->rows());
        $heavy = ['ten megabytes', 'many items'];
        foreach ($this->hostile() as $what => $args) {
            // The heavy ones go through one hook of each kind, the rest through all of them.
            foreach (in_array($what, $heavy, true) ? ['ClientEdit', 'LogActivity', 'TicketOpen', 'AfterRegistrarSaveDNS', 'AfterCronJob'] : $hooks as $hook) {
                $this->assertQuiet($hook, $args, $what);
            }
        }
        foreach ($this->items() as $item) {
            $this->assertArrayNotHasKey('capture_error', $item, json_encode($item));
        }
        $longest = (int) $this->sql('SELECT MAX(OCTET_LENGTH(body)) FROM mod_sealtrail_outbox')->fetchColumn();
        $this->assertLessThan(262144, $longest);
    }

    public function testNoHookEndsThePageWhenTheDatabaseIsAway(): void
    {
        $GLOBALS['hooks'] = [];
        $this->aBridge('', $this->databaseAway())->listen();
        foreach (['ClientEdit', 'InvoicePaid', 'AfterCronJob', 'LogActivity'] as $hook) {
            $this->assertQuiet($hook, [$this->documented($hook)]);
        }
        $this->assertSame(0, $this->waiting());
        $this->assertCount(4, file(glob($this->spoolFolder . '/spool-*.php')[0]));
    }

    public function testAnActivityEntryAboutOurOwnTroubleDoesNotComeBack(): void
    {
        add_hook('ClientEdit', 1, static function () {
            logActivity('an ordinary entry');
        });
        run_hook('ClientEdit', ['userid' => 5]);
        $this->assertSame(['activity', 'hook'], array_column($this->items(), 'kind'));

        $GLOBALS['hooks'] = [];
        $fired = 0;
        $this->aBridge('', static function () use (&$fired): array {
            $fired++;
            run_hook('LogActivity', ['description' => 'uncaught database error']);
            throw new RuntimeException('no settings');
        })->listen();
        run_hook('ClientEdit', ['userid' => 5]);
        $this->assertSame(1, $fired);
    }

    private function assertQuiet(string $hook, array $args, string $what = ''): void
    {
        $level = ob_get_level();
        ob_start();
        $handler = set_error_handler(null);
        restore_error_handler();
        try {
            $returned = run_hook($hook, $args, true);
        } finally {
            $printed = ob_get_clean();
        }
        $this->assertSame([], $returned, "$hook $what");
        $this->assertSame('', $printed, "$hook $what");
        $this->assertSame($level, ob_get_level());
        $now = set_error_handler(null);
        restore_error_handler();
        $this->assertSame($handler, $now, 'the error handler is the one it was');
    }
}

final class MagicTrap
{
    public function __get($name)
    {
        echo 'trap';
        throw new Error('trap');
    }

    public function __isset($name)
    {
        throw new Error('trap');
    }

    public function __toString()
    {
        throw new Error('trap');
    }

    public function __call($name, $arguments)
    {
        throw new Error('trap');
    }

    public function __serialize(): array
    {
        throw new Error('trap');
    }
}
