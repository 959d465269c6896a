<?php

declare(strict_types=1);

// Everything of the stand-in without running it: definitions only, for init.php and for tests.
defined('WHMCS') || define('WHMCS', true);
defined('ROOTDIR') || define('ROOTDIR', __DIR__);

foreach (['DatabaseUrl', 'StandInConnection', 'TableQuery', 'TableSchema', 'Capsule', 'models', 'CurrentUser', 'App', 'functions', 'AbstractWidget', 'StandIn'] as $file) {
    require_once __DIR__ . '/lib/' . $file . '.php';
}
