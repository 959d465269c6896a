<?php

declare(strict_types=1);

use WHMCS\Database\Capsule;

/** hooks/getting-started: a name, a priority (lower runs first), a callable. Any name is taken without a word. */
function add_hook($hookPoint, $priority, $function)
{
    global $hooks;
    $hooks[$hookPoint][] = ['priority' => $priority, 'function' => $function, 'order' => count($hooks[$hookPoint] ?? [])];
}

/** Runs all callbacks of a hook point; exceptions are not caught, so that a test sees what a page would suffer. */
function run_hook($hookName, $args = [], $unpackArguments = false)
{
    global $hooks;
    $callbacks = $hooks[$hookName] ?? [];
    usort($callbacks, static function (array $a, array $b): int {
        return [$a['priority'], $a['order']] <=> [$b['priority'], $b['order']];
    });
    $results = [];
    foreach ($callbacks as $callback) {
        $result = $unpackArguments ? call_user_func_array($callback['function'], $args) : call_user_func($callback['function'], $args);
        if ($result !== null) {
            $results[] = $result;
        }
    }

    return $results;
}

function logActivity($message, $clientId = 0)
{
    $user = 'System';
    if (isset($_SESSION['adminid'])) {
        $user = (string) Capsule::table('tbladmins')->where('id', (int) $_SESSION['adminid'])->value('username');
    } elseif (isset($_SESSION['uid'])) {
        $user = 'Client';
    }
    Capsule::table('tblactivitylog')->insert([
        'date' => date('Y-m-d H:i:s'), 'description' => $message, 'user' => $user, 'userid' => (int) $clientId,
        'ipaddr' => App::getClientIp(),
    ]);
    run_hook('LogActivity', [
        'description' => $message, 'user' => $user, 'userid' => (int) $clientId, 'ipaddress' => App::getClientIp(),
    ]);
}

function localAPI($command, $values = [], $adminUsername = '')
{
    switch ($command) {
        case 'LogActivity':
            logActivity($values['description'] ?? '', $values['clientid'] ?? 0);

            return ['result' => 'success'];
        case 'SetConfigurationValue':
            Capsule::table('tblconfiguration')->updateOrInsert(['setting' => $values['setting']], ['value' => $values['value']]);

            return ['result' => 'success'];
        case 'GetConfigurationValue':
            return [
                'result' => 'success',
                'setting' => $values['setting'],
                'value' => Capsule::table('tblconfiguration')->where('setting', $values['setting'])->value('value'),
            ];
        case 'WhmcsDetails':
            return ['result' => 'success', 'whmcs' => ['version' => Capsule::table('tblconfiguration')->where('setting', 'Version')->value('value')]];
        default:
            return ['result' => 'error', 'message' => 'Command Not Found'];
    }
}

function generate_token($type = 'form')
{
    if (empty($_SESSION['tkval'])) {
        $_SESSION['tkval'] = bin2hex(random_bytes(20));
    }

    return $type === 'plain' ? $_SESSION['tkval'] : '<input type="hidden" name="token" value="' . $_SESSION['tkval'] . '">';
}

function check_token($namespace = 'WHMCS.default')
{
    return isset($_SESSION['tkval'], $_POST['token']) && is_string($_POST['token']) && hash_equals($_SESSION['tkval'], $_POST['token']);
}
