<?php

declare(strict_types=1);

/*
 * php install.php           makes the database named in SEALTRAIL_TEST_MYSQL_URL and activates the module
 * php install.php --drop    removes that database
 */

require_once __DIR__ . '/load.php';

use Sealtrail\StandIn\DatabaseUrl;
use Sealtrail\StandIn\StandIn;
use WHMCS\Database\Capsule;

$url = DatabaseUrl::fromEnvironment();
if (in_array('--drop', $argv, true)) {
    StandIn::drop($url);
    exit(0);
}
if (!StandIn::isInstalled($url)) {
    StandIn::install($url);
}
Capsule::open($url);
if (!StandIn::isActive('sealtrail')) {
    $result = StandIn::activateModule('sealtrail');
    echo $result['status'], ': ', $result['description'], "\n";
}
StandIn::pairFromEnvironment();
