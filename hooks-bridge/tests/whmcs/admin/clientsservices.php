<?php

declare(strict_types=1);

require __DIR__ . '/page.php';

use WHMCS\Database\Capsule;

requireAdmin();
$id = (int) ($_GET['id'] ?? 41);
$service = (array) Capsule::table('tblhosting')->where('id', $id)->first();
$fields = ['domain', 'username', 'amount', 'billingcycle', 'domainstatus', 'notes'];
if (isPost()) {
    requireToken();
    $new = [];
    foreach ($fields as $field) {
        $new[$field] = (string) ($_POST[$field] ?? $service[$field]);
    }
    run_hook('PreServiceEdit', ['serviceid' => $id]);
    Capsule::table('tblhosting')->where('id', $id)->update($new);
    run_hook('AdminClientServicesTabFieldsSave', ['id' => $id]);
    run_hook('ServiceEdit', ['userid' => (int) $service['userid'], 'serviceid' => $id]);
    header('location: /admin/clientsservices.php?userid=' . $service['userid'] . '&id=' . $id . '&saved=1');
    exit;
}
showPage('Product/Service', saved() . showForm(array_intersect_key($service, array_flip($fields)), 'Save changes', [], hookFields('AdminClientServicesTabFields', ['id' => $id])));
