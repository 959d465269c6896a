<?php

declare(strict_types=1);

/*
 * Fires one hook in a request of its own, with everything around it: hooks.php at the start, delivery at the end.
 * See ../README.md.
 */

use Sealtrail\StandIn\DatabaseUrl;
use Sealtrail\StandIn\StandIn;
use WHMCS\Database\Capsule;

require_once __DIR__ . '/load.php';

const OPTIONS = ['admin', 'client', 'user', 'as-client', 'cron', 'api', 'callback', 'email', 'script', 'ip', 'sql', 'times'];

$options = [];
$plain = [];
foreach (array_slice($argv, 1) as $argument) {
    if (preg_match('/^--([a-z-]+)(?:=(.*))?$/s', $argument, $parts) !== 1) {
        $plain[] = $argument;
        continue;
    }
    if (!in_array($parts[1], OPTIONS, true) && strpos($parts[1], 'header-') !== 0) {
        fwrite(STDERR, "unknown option --$parts[1]\n");
        exit(2);
    }
    $options[$parts[1]] = $parts[2] ?? '';
}
$hook = $plain[0] ?? '';
$args = json_decode($plain[1] ?? '{}', true);
if ($hook === '' || !is_array($args)) {
    fwrite(STDERR, "usage: php fire.php HOOK JSON [--admin=7 | --client=5 | --user=9 | --as-client=5 --admin=7 | --cron | --api | --callback=paypal | --email]\n");
    exit(2);
}

function pretendRequest(array $options)
{
    foreach (['REQUEST_METHOD', 'SCRIPT_NAME', 'PHP_SELF', 'QUERY_STRING', 'REMOTE_ADDR'] as $name) {
        unset($_SERVER[$name]);
    }
    if (isset($options['cron']) || isset($options['email'])) {
        $_SERVER['SCRIPT_NAME'] = isset($options['cron']) ? '/crons/cron.php' : '/crons/pipe.php';

        return;
    }
    $script = '/clientarea.php';
    if (isset($options['api'])) {
        $script = '/includes/api.php';
        $_POST['identifier'] = $options['api'] === '' ? 'stand-in-identifier' : $options['api'];
    } elseif (isset($options['callback'])) {
        $script = '/modules/gateways/callback/' . $options['callback'] . '.php';
    } elseif (isset($options['admin']) && !isset($options['as-client'])) {
        $script = '/admin/clientsprofile.php';
    }
    $_SERVER['REQUEST_METHOD'] = 'POST';
    $_SERVER['SCRIPT_NAME'] = $options['script'] ?? $script;
    $_SERVER['REMOTE_ADDR'] = $options['ip'] ?? '203.0.113.7';
    $_SERVER['HTTP_USER_AGENT'] = 'stand-in/1.0';
    foreach ($options as $name => $value) {
        if (strpos($name, 'header-') === 0) {
            $_SERVER['HTTP_' . strtoupper(str_replace('-', '_', substr($name, strlen('header-'))))] = $value;
        }
    }
}

function pretendSession(array $options)
{
    $_SESSION = [];
    if (isset($options['admin'])) {
        $_SESSION['adminid'] = (int) $options['admin'];
    }
    if (isset($options['user'])) {
        $_SESSION['login_auth_user'] = (int) $options['user'];
        $_SESSION['uid'] = (int) Capsule::table('tblusers_clients')->where('auth_user_id', (int) $options['user'])->value('client_id');
    }
    if (isset($options['client']) || isset($options['as-client'])) {
        $_SESSION['uid'] = (int) ($options['client'] ?? $options['as-client']);
        $_SESSION['masquerading'] = isset($options['as-client']);
    }
    if ($_SESSION !== []) {
        session_id(hash('sha256', (string) json_encode($_SESSION)));
    }
}

/** Objects where the documentation says that the hook hands over objects. */
function documentedTypes(string $hook, array $args): array
{
    if (in_array($hook, ['UserLogin', 'UserLogout'], true) && is_array($args['user'] ?? null)) {
        $args['user'] = new WHMCS\User\User($args['user']);
    }
    if ($hook === 'InvoicePaid' && is_array($args['invoice'] ?? null)) {
        $args['invoice'] = new WHMCS\Billing\Invoice($args['invoice']);
    }
    if ($hook === 'AddTransaction' && is_string($args['date'] ?? null)) {
        $args['date'] = new DateTime($args['date']);
    }

    return $args;
}

$url = DatabaseUrl::fromEnvironment();
if (!StandIn::isInstalled($url)) {
    StandIn::install($url);
}
Capsule::open($url);
if (!StandIn::isActive('sealtrail')) {
    StandIn::activateModule('sealtrail');
}
StandIn::pairFromEnvironment();
pretendRequest($options);
pretendSession($options);
$standInSession = 'pretended';
require __DIR__ . '/init.php';

$returned = [];
for ($n = 0; $n < (int) ($options['times'] ?? 1); $n++) {
    if ($hook !== '-') {
        $returned = array_merge($returned, run_hook($hook, documentedTypes($hook, $args)));
    }
}
if (isset($options['sql'])) {
    Capsule::connection()->getPdo()->exec($options['sql']);
}
echo json_encode(['hook' => $hook, 'returned' => $returned]), "\n";
