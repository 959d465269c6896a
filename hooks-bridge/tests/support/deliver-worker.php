<?php

declare(strict_types=1);

/*
 * One of many that deliver at once: php deliver-worker.php COUNT writes down so many events, then delivers what waits. It takes
 * the cron's time: within the one second of a page a machine that stands still for a moment sends the same events twice, and may.
 */

use Sealtrail\StandIn\DatabaseUrl;
use WHMCS\Database\Capsule;
use WHMCS\Module\Addon\Sealtrail\Bridge;
use WHMCS\Module\Addon\Sealtrail\HookTable;
use WHMCS\Module\Addon\Sealtrail\Limits;

require_once __DIR__ . '/../whmcs/load.php';
require_once __DIR__ . '/../../modules/addons/sealtrail/lib/autoload.php';

Capsule::open(DatabaseUrl::fromEnvironment());
$bridge = Bridge::ofBilling();
for ($n = 0; $n < (int) $argv[1]; $n++) {
    $bridge->recorder()->hook('InvoicePaid', HookTable::PLAIN_ROW, ['invoiceid' => $n], null);
}
$bridge->moveToOutbox();
$bridge->deliver(Limits::cron());
