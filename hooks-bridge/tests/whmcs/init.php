<?php

declare(strict_types=1);

/*
 * Start-up of every page, callback, API call and cron run: connect, open the session, then load hooks.php of the modules
 * named in tblconfiguration AddonModulesHooks - before the page's own work.
 */

use Sealtrail\StandIn\DatabaseUrl;
use Sealtrail\StandIn\StandIn;
use WHMCS\Database\Capsule;

require_once __DIR__ . '/load.php';

$standInUrl = DatabaseUrl::fromEnvironment();
if (!StandIn::isInstalled($standInUrl)) {
    StandIn::install($standInUrl);
}
Capsule::open($standInUrl);
App::trustedProxies();
if (isset($_SERVER['REQUEST_METHOD']) && session_status() === PHP_SESSION_NONE && !isset($standInSession)) {
    session_start();
}
foreach (StandIn::list('AddonModulesHooks') as $standInModule) {
    require_once StandIn::MODULES . '/' . $standInModule . '/hooks.php';
}
