<?php

declare(strict_types=1);

require __DIR__ . '/page.php';

use WHMCS\Database\Capsule;

requireAdmin();
$id = (int) ($_GET['id'] ?? 1);
$old = (array) Capsule::table('tblproducts')->where('id', $id)->first();
if (isPost()) {
    requireToken();
    $new = ['name' => (string) ($_POST['name'] ?? ''), 'description' => (string) ($_POST['description'] ?? '')];
    Capsule::table('tblproducts')->where('id', $id)->update($new);
    run_hook('ProductEdit', ['pid' => $id, 'type' => $old['type'], 'gid' => $old['gid'], 'hidden' => (bool) $old['hidden']] + $new);
    header('location: /admin/configproducts.php?id=' . $id . '&saved=1');
    exit;
}
showPage('Product', saved() . showForm(['name' => $old['name'], 'description' => $old['description']], 'Save changes'));
