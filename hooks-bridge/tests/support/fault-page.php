<?php

declare(strict_types=1);

// A page of the billing system, of the kind that the address asks for; hooks of ours run in the middle of it.
require __DIR__ . '/faulty.php';
if (($_GET['kind'] ?? '') === 'tight') {
    ini_set('memory_limit', '24M');
}
require __DIR__ . '/../whmcs/init.php';

$args = ['userid' => 5, 'email' => 'new@example.com', 'olddata' => ['email' => 'old@example.com']];
switch ($_GET['kind'] ?? 'html') {
    case 'json':
        run_hook('ClientEdit', $args);
        header('content-type: application/json');
        echo json_encode(['result' => 'success', 'returned' => run_hook('InvoicePaid', ['invoiceid' => 123])]);
        break;
    case 'redirect':
        run_hook('ClientEdit', $args);
        setcookie('WHMCSplace', 'here');
        header('location: /elsewhere.php');
        exit;
    case 'refused':
        run_hook('ClientEdit', $args);
        http_response_code(403);
        echo 'No.';
        break;
    case 'buffered':
        ob_start(static function (string $html): string {
            return strtoupper($html);
        });
        echo '<p>first</p>';
        run_hook('ClientEdit', $args);
        echo '<p>second</p>';
        break;
    case 'tight':
        $held = [];
        while (24 * 1048576 - memory_get_usage(true) > 4 * 1048576) {
            $held[] = str_repeat('x', 1000000);
        }
        run_hook('ClientEdit', ['notes' => str_repeat('y', 900000)] + $args);
        echo 'held ' . (count($held) > 0 ? 'much' : 'nothing') . ', limit ' . ini_get('memory_limit');
        break;
    default:
        echo '<!doctype html><p>before</p>';
        run_hook('ClientEdit', $args);
        echo str_repeat('<p>after</p>', 5000);
}
