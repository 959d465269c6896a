<?php

declare(strict_types=1);

require __DIR__ . '/page.php';

requireAdmin();
run_hook('AdminLogout', ['adminid' => $_SESSION['adminid']]);
$_SESSION = [];
header('location: /admin/login.php');
