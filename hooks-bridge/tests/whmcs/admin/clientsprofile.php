<?php

declare(strict_types=1);

require __DIR__ . '/page.php';

use WHMCS\Database\Capsule;

requireAdmin();
$id = (int) ($_GET['userid'] ?? 5);
$fields = ['firstname', 'lastname', 'companyname', 'email', 'status', 'notes'];
$old = (array) Capsule::table('tblclients')->where('id', $id)->first();
if (isPost()) {
    requireToken();
    $new = [];
    foreach ($fields as $field) {
        $new[$field] = (string) ($_POST[$field] ?? $old[$field]);
    }
    Capsule::table('tblclients')->where('id', $id)->update($new);
    run_hook('ClientEdit', ['userid' => $id, 'uuid' => $old['uuid']] + $new + ['olddata' => $old]);
    logActivity('Client Profile Modified - User ID: ' . $id, $id);
    header('location: /admin/clientsprofile.php?userid=' . $id . '&saved=1');
    exit;
}
showPage('Client profile', saved()
    . showForm(array_intersect_key($old, array_flip($fields)), 'Save changes', [], hookFields('AdminClientProfileTabFields', ['userid' => $id] + $old)));
