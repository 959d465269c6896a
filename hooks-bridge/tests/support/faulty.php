<?php

declare(strict_types=1);

/*
 * Loaded before the module: the part of the bridge that belongs to the fault in the request's header is replaced by one that
 * fails.
 */

$fault = (string) ($_SERVER['HTTP_X_FAULT'] ?? '');
$parts = [
    'exception in a hook' => 'final class Redactor { const REDACTED = "x"; const CHANGED = "x"; const TRUNCATED = "x";
        function __construct(...$a) {} function clean(...$a) { throw new \RuntimeException("fault"); } }',
    'error in a hook' => 'final class ActorResolver { function __construct(...$a) {} function dependsOn($h) { return true; }
        static function unknown() { return []; } function actor(...$a) { return $this->missing(); } }',
    'warning in a hook' => 'final class UuidV7 { static function make($now) { trigger_error("fault", E_USER_WARNING); $x = [];
        return $x["no"] . "01a1fc40-4ed5-7a60-a491-c93d6c4abe34"; } }',
    'broken file' => 'final class Item { function ( }',
    'exception at the start' => 'final class TableShapes { const STATE_NAME = "x"; function __construct(...$a) {}
        function use($x) { throw new \LogicException("fault"); } }',
    'memory exhausted at the end' => 'final class SpoolImport { function __construct(...$a) {}
        function run() { $x = []; while (true) { $x[] = str_repeat("x", 1000000); } } }',
    'time-out at the end' => 'final class SpoolImport { function __construct(...$a) {}
        function run() { set_time_limit(1); while (true) { strrev("x"); } } }',
    'exit at the end' => 'final class SpoolImport { function __construct(...$a) {} function run() { echo "left over"; exit(3); } }',
    'fatal error at the end' => 'final class SpoolImport { function __construct(...$a) {}
        function run() { $o = new \SplFixedArray(1); eval("namespace WHMCS\Module\Addon\Sealtrail; interface Spool {}"); } }',
    'killed at the end' => 'final class SpoolImport { function __construct(...$a) {} function run() { throw new \Error("gone"); } }',
];
if (isset($parts[$fault])) {
    spl_autoload_register(static function (string $class) use ($parts, $fault): void {
        preg_match('/class (\w+)/', $parts[$fault], $name);
        if ($class === 'WHMCS\\Module\\Addon\\Sealtrail\\' . $name[1]) {
            eval('namespace WHMCS\\Module\\Addon\\Sealtrail; ' . $parts[$fault]);
        }
    });
}
