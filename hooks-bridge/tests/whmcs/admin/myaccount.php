<?php

declare(strict_types=1);

require __DIR__ . '/page.php';

use WHMCS\Database\Capsule;

requireAdmin();
if (isPost()) {
    requireToken();
    Capsule::table('tbladmins')->where('id', (int) currentAdmin()->id)->update(['language' => (string) ($_POST['language'] ?? '')]);
    header('location: /admin/myaccount.php?saved=1');
    exit;
}
showPage('My account', saved() . showForm(['language' => currentAdmin()->language], 'Save changes'));
