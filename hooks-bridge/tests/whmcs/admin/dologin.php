<?php

declare(strict_types=1);

require __DIR__ . '/page.php';

use WHMCS\Database\Capsule;

$username = (string) ($_POST['username'] ?? '');
$admin = Capsule::table('tbladmins')->where('username', $username)->where('disabled', 0)->first();
if ($admin === null || !password_verify((string) ($_POST['password'] ?? ''), $admin->passwordhash)) {
    if ($admin !== null) {
        Capsule::table('tbladmins')->where('id', $admin->id)->update(['loginattempts' => $admin->loginattempts + 1]);
    }
    logActivity('Failed Admin Login Attempt - Username: ' . $username);
    header('location: /admin/login.php?incorrect=1');
    exit;
}
session_regenerate_id(true);
$_SESSION['adminid'] = (int) $admin->id;
run_hook('AdminLogin', ['adminid' => (int) $admin->id, 'username' => $admin->username]);
header('location: /admin/index.php');
