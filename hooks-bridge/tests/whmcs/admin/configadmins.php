<?php

declare(strict_types=1);

require __DIR__ . '/page.php';

use WHMCS\Database\Capsule;

requireAdmin();
$id = (int) ($_GET['id'] ?? 8);
$admin = (array) Capsule::table('tbladmins')->where('id', $id)->first();
if (isPost()) {
    requireToken();
    $new = ['email' => (string) ($_POST['email'] ?? ''), 'roleid' => (int) ($_POST['roleid'] ?? 0)];
    if (($_POST['password'] ?? '') !== '') {
        $new['passwordhash'] = password_hash((string) $_POST['password'], PASSWORD_BCRYPT, ['cost' => 4]);
    }
    Capsule::table('tbladmins')->where('id', $id)->update($new);
    header('location: /admin/configadmins.php?id=' . $id . '&saved=1');
    exit;
}
showPage('Administrator', saved() . showForm(['email' => $admin['email'], 'roleid' => $admin['roleid'], 'password' => ''], 'Save changes', ['password']));
