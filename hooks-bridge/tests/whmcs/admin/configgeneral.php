<?php

declare(strict_types=1);

require __DIR__ . '/page.php';

use WHMCS\Database\Capsule;

requireAdmin();
$names = ['CompanyName', 'SMTPPassword', 'TrustedProxyIps'];
$settings = [];
foreach ($names as $name) {
    $settings[$name] = Capsule::table('tblconfiguration')->where('setting', $name)->value('value');
}
if (isPost()) {
    requireToken();
    foreach ($names as $name) {
        Capsule::table('tblconfiguration')->where('setting', $name)->update(['value' => (string) ($_POST[$name] ?? '')]);
    }
    header('location: /admin/configgeneral.php?saved=1');
    exit;
}
showPage('General settings', saved() . showForm($settings, 'Save changes', ['SMTPPassword']));
