<?php

declare(strict_types=1);

use Sealtrail\StandIn\DatabaseUrl;
use Sealtrail\StandIn\StandIn;
use WHMCS\Database\Capsule;

require_once __DIR__ . '/whmcs/load.php';
require_once __DIR__ . '/../modules/addons/sealtrail/lib/autoload.php';
require_once __DIR__ . '/../modules/addons/sealtrail/sealtrail.php';
foreach (['Endpoint', 'Visit', 'BridgeCase'] as $support) {
    require_once __DIR__ . '/support/' . $support . '.php';
}

try {
    $url = DatabaseUrl::fromEnvironment();
    $url->database = 'sealtrail_test_' . bin2hex(random_bytes(4));
    StandIn::install($url);
} catch (\Throwable $e) {
    fwrite(STDERR, 'The bridge tests need a MariaDB or MySQL server: ' . $e->getMessage() . "\n");
    exit(1);
}
// Programs that a test starts find the same database.
putenv('SEALTRAIL_TEST_MYSQL_URL=' . $url);
$spool = sys_get_temp_dir() . '/sealtrail-test-spool-' . bin2hex(random_bytes(4));
putenv('SEALTRAIL_SPOOL_DIR=' . $spool);
Capsule::open($url);
App::trustedProxies();
$mainProcess = getmypid();
register_shutdown_function(static function () use ($url, $spool, $mainProcess) {
    if (getmypid() === $mainProcess) {
        StandIn::drop($url);
        array_map('unlink', glob($spool . '/{*,.f*}', GLOB_BRACE) ?: []);
        is_dir($spool) && rmdir($spool);
    }
});
