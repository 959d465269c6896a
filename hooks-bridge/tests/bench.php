<?php

declare(strict_types=1);

/*
 * What the bridge costs a page, on the database named in SEALTRAIL_TEST_MYSQL_URL (a database of its own, dropped at the end):
 *
 *   php hooks-bridge/tests/bench.php [calls]
 *
 * One hook call is compared with a plain in-process plugin: begin, select the last hash for update, insert, commit.
 */

use Sealtrail\StandIn\DatabaseUrl;
use Sealtrail\StandIn\StandIn;
use Sealtrail\Tests\Endpoint;
use WHMCS\Database\Capsule;
use WHMCS\Module\Addon\Sealtrail\Bridge;
use WHMCS\Module\Addon\Sealtrail\Limits;

require_once __DIR__ . '/whmcs/load.php';
require_once __DIR__ . '/../modules/addons/sealtrail/lib/autoload.php';
require_once __DIR__ . '/support/Endpoint.php';

putenv('SEALTRAIL_SPOOL_DIR=' . sys_get_temp_dir() . '/sealtrail-bench-spool');
$calls = (int) ($argv[1] ?? 2000);
$url = DatabaseUrl::fromEnvironment();
$url->database = 'sealtrail_bench_' . bin2hex(random_bytes(4));
StandIn::install($url);
Capsule::open($url);
App::trustedProxies();
$_SERVER = ['REQUEST_METHOD' => 'GET', 'SCRIPT_NAME' => '/admin/clientsprofile.php', 'REMOTE_ADDR' => '203.0.113.7', 'HTTP_USER_AGENT' => 'bench'] + $_SERVER;
$_SESSION = ['adminid' => 7];

function percentiles(string $what, array $ms): array
{
    sort($ms);
    $at = static function (float $share) use ($ms): float {
        return $ms[(int) floor($share * (count($ms) - 1))];
    };
    printf("%-58s p50 %7.3f ms   p99 %7.3f ms   (%d)\n", $what, $at(0.5), $at(0.99), count($ms));

    return [$at(0.5), $at(0.99)];
}

function timed(callable $work): float
{
    $startedAt = microtime(true);
    $work();

    return (microtime(true) - $startedAt) * 1000;
}

$args = ['userid' => 5, 'firstname' => 'Grace', 'lastname' => 'Hopper', 'email' => 'new@example.com', 'address1' => '1 Main St',
    'city' => 'Berlin', 'country' => 'DE', 'phonenumber' => '+49.30123456', 'notes' => str_repeat('a note ', 20),
    'olddata' => ['firstname' => 'Grace', 'lastname' => 'Hopper', 'email' => 'old@example.com', 'city' => 'Bonn']];
$pdo = Capsule::connection()->getPdo();
$pdo->exec('CREATE TABLE plain_plugin (id BIGINT AUTO_INCREMENT PRIMARY KEY, hash CHAR(64) NOT NULL, body MEDIUMTEXT NOT NULL) ENGINE=InnoDB');
$plugin = static function () use ($pdo, $args) {
    $pdo->beginTransaction();
    $last = (string) $pdo->query('SELECT hash FROM plain_plugin ORDER BY id DESC LIMIT 1 FOR UPDATE')->fetchColumn();
    $body = json_encode($args);
    $pdo->prepare('INSERT INTO plain_plugin (hash, body) VALUES (?, ?)')->execute([hash_hmac('sha256', $last . $body, 'key'), $body]);
    $pdo->commit();
};

$insert = $pdo->prepare('INSERT INTO plain_plugin (hash, body) VALUES (?, ?)');
$bare = [];
for ($n = 0; $n < $calls; $n++) {
    $bare[] = timed(static function () use ($insert) {
        $insert->execute(['', str_repeat('x', 1000)]);
    });
}
percentiles('a bare INSERT of 1,000 bytes, committed', $bare);

// Ten requests (each keeps a connection of ours open), a call of the plain plugin before each hook call; then what ours does
// at a request's end.
$endpoint = new Endpoint();
StandIn::moduleSetting('sealtrail', 'bridge_id', 'bench');
putenv('SEALTRAIL_BRIDGE_SECRET=whsec_' . base64_encode(str_repeat('k', 32)));
$states = [
    'answering' => [$endpoint->url(), ['status' => 200]],
    'down' => ['http://127.0.0.1:' . Endpoint::freePort(), ['status' => 200]],
    'hanging' => [$endpoint->url(), ['status' => 200, 'delay_ms' => 5000]],
    'answering 503' => [$endpoint->url(), ['status' => 503]],
];
$shares = $first = $ends = [];
foreach ($states as $state => list($sidecar, $answer)) {
    echo "\nsidecar $state\n";
    $endpoint->answer($answer);
    StandIn::moduleSetting('sealtrail', 'sidecar_url', $sidecar);
    $warm = $plain = [];
    for ($request = 0; $request < 10; $request++) {
        $hooks = [];
        $bridge = Bridge::ofBilling();
        $bridge->listen();
        for ($n = 0; $n < intdiv($calls, 10); $n++) {
            $plain[] = timed($plugin);
            $cost = timed(static function () use ($args) {
                run_hook('ClientEdit', $args);
            });
            $n === 0 ? $first[] = $cost : $warm[] = $cost;
        }
        $bridge->moveToOutbox();
        run_hook('ClientEdit', $args);
        $ends[] = timed([$bridge, 'moveToOutbox']);
        $bridge->deliver(Limits::afterRequest());
    }
    $plainCost = percentiles('  plain in-process plugin, one event', $plain);
    $warmCost = percentiles('  hook call', $warm);
    $shares[$state] = [$warmCost[0] / $plainCost[0], $warmCost[1] / $plainCost[1]];
}
$endpoint->stop();
echo "\n";
percentiles('first hook call of a request (reads who it is)', $first);
percentiles('one item into the outbox table, after the response', $ends);
foreach ($shares as $state => $share) {
    printf("%-58s p50 %7.2f      p99 %7.2f\n", "hook call / plain plugin, sidecar $state", $share[0], $share[1]);
}
echo "\n";

$listening = [];
$_SERVER['REQUEST_METHOD'] = 'GET';
for ($n = 0; $n < 200; $n++) {
    $hooks = [];
    $listening[] = timed(static function () {
        Bridge::ofBilling()->listen();
    });
}
percentiles('hooks.php on a request that cannot change anything', $listening);

$insert = $pdo->prepare('INSERT INTO tblconfiguration (setting, value) VALUES (?, ?)');
$pdo->beginTransaction();
for ($n = 0; $n < 5000; $n++) {
    $insert->execute([($n % 20 === 0 ? 'SomeApiKey' : 'SomeSetting') . $n, str_repeat('v', 40)]);
}
$pdo->commit();
$_SERVER['REQUEST_METHOD'] = 'POST';
$bridge = Bridge::ofBilling();
$bridge->watch()->learn();
$bridge->watch()->begin();
$begin = $end = [];
for ($n = 0; $n < 100; $n++) {
    $end[] = timed([$bridge->watch(), 'end']);
    $begin[] = timed([$bridge->watch(), 'begin']);
}
percentiles('snapshot at request start, 5,000 settings', $begin);
percentiles('comparison at request end, nothing changed', $end);

$pdo->exec('INSERT INTO tblinvoices (userid, invoicenum, date, duedate, subtotal, total, status, paymentmethod, notes) '
    . "SELECT 5, CONCAT('2026-', a.id), '2026-01-01', '2026-01-15', 99, 99, 'Paid', 'paypal', 'thank you' "
    . 'FROM tblconfiguration a, tblconfiguration b WHERE b.id <= 12 LIMIT 60000');
$pdo->exec('INSERT INTO tblaccounts (userid, gateway, date, description, amountin, transid, invoiceid) '
    . "SELECT 5, 'paypal', '2026-01-10 10:00:00', 'Invoice Payment', 99, CONCAT('T', a.id), a.id "
    . 'FROM tblconfiguration a, tblconfiguration b WHERE b.id <= 8 LIMIT 40000');
printf("%-58s     %7.0f ms\n", 'learning 100,000 rows, once', timed([$bridge, 'reconcile']));
$reconcile = [];
for ($n = 0; $n < 5; $n++) {
    $reconcile[] = timed([$bridge, 'reconcile']);
}
percentiles('comparing 105,000 watched rows with the last known state', $reconcile);
// After the deliveries that the listeners above have left for the end of the request.
register_shutdown_function(static function () use ($url) {
    register_shutdown_function([StandIn::class, 'drop'], $url);
});
