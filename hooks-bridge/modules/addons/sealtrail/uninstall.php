<?php

declare(strict_types=1);

/*
 * php modules/addons/sealtrail/uninstall.php [--remove [--discard=N]]
 *
 * Without --remove it only tells what the module has left here. It runs from the command line alone.
 */

use WHMCS\Module\Addon\Sealtrail\Bridge;
use WHMCS\Module\Addon\Sealtrail\Uninstall;
use WHMCS\Module\Addon\Sealtrail\Words;

if (PHP_SAPI !== 'cli') {
    http_response_code(404);
    exit;
}

if (!defined('WHMCS')) {
    require_once dirname(__DIR__, 3) . '/init.php';
}
require_once __DIR__ . '/lib/autoload.php';

$sealtrail = Bridge::ofBilling();
$active = $sealtrail->connection()
    ->run("SELECT value FROM tblconfiguration WHERE setting = 'ActiveAddonModules'")
    ->fetchColumn();
list($code, $lines) = (new Uninstall($sealtrail, new Words([])))
    ->run(array_slice($argv, 1), in_array('sealtrail', explode(',', (string) $active), true));
fwrite($code === 0 ? STDOUT : STDERR, implode("\n", $lines) . "\n");
exit($code);
