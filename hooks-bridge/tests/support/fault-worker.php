<?php

declare(strict_types=1);

/*
 * One request of a web node: php fault-worker.php LANE FIRST COUNT GAP_MS RETURNED. After each hook has come back from the
 * bridge its number is written to the file RETURNED: from then on it must never be lost.
 */

list(, $lane, $first, $count, $gapMs, $returned) = $argv;
$_SERVER = ['REQUEST_METHOD' => 'POST', 'SCRIPT_NAME' => '/modules/gateways/callback/paypal.php', 'REMOTE_ADDR' => '203.0.113.7'] + $_SERVER;
$standInSession = 'none';
require __DIR__ . '/../whmcs/init.php';

$file = fopen($returned, 'ab');
add_hook('InvoicePaid', 2000, static function (array $vars) use ($file): void {
    fwrite($file, $vars['lane'] . ' ' . $vars['invoiceid'] . "\n");
});
for ($n = (int) $first; $n < (int) $first + (int) $count; $n++) {
    run_hook('InvoicePaid', ['invoiceid' => $n, 'lane' => $lane]);
    usleep((int) $gapMs * 1000);
}
