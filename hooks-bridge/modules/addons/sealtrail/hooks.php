<?php

declare(strict_types=1);

if (!defined('WHMCS')) {
    exit('This file cannot be accessed directly');
}

(static function () {
    try {
        require_once __DIR__ . '/lib/autoload.php';
        $bridge = WHMCS\Module\Addon\Sealtrail\Bridge::ofBilling();
        $bridge->listen();
        (new WHMCS\Module\Addon\Sealtrail\Admin\OutputHooks($bridge))->register();
    } catch (\Throwable $e) {
        error_log('sealtrail: not listening: ' . get_class($e) . ': ' . $e->getMessage());
    }
})();
