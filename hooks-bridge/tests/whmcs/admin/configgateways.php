<?php

declare(strict_types=1);

require __DIR__ . '/page.php';

use WHMCS\Database\Capsule;

requireAdmin();
$settings = [];
foreach (Capsule::table('tblpaymentgateways')->where('gateway', 'paypal')->get() as $row) {
    $settings[$row->setting] = $row->value;
}
if (isPost()) {
    requireToken();
    foreach (array_keys($settings) as $setting) {
        Capsule::table('tblpaymentgateways')->where('gateway', 'paypal')->where('setting', $setting)
            ->update(['value' => (string) ($_POST[$setting] ?? '')]);
    }
    header('location: /admin/configgateways.php?saved=1');
    exit;
}
showPage('Gateways', saved() . showForm($settings, 'Save changes'));
