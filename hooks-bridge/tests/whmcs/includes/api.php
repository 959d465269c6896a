<?php

declare(strict_types=1);

// POST identifier, secret, action. Like the real one it only serves admins; here any identifier belongs to admin 1.
require_once __DIR__ . '/../init.php';

header('content-type: application/json');
if (empty($_POST['identifier']) || empty($_POST['secret'])) {
    http_response_code(403);
    echo json_encode(['result' => 'error', 'message' => 'Authentication Failed']);
    exit;
}
$_SESSION['adminid'] = 1;
echo json_encode(localAPI((string) ($_POST['action'] ?? ''), $_POST));
