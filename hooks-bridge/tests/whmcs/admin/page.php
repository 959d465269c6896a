<?php

declare(strict_types=1);

// Frame of the small admin area: every page asks for a signed-in admin and shows plain Bootstrap 3 class names.
define('ADMINAREA', true);
require_once __DIR__ . '/../init.php';

function escape($text): string
{
    return htmlspecialchars((string) $text, ENT_QUOTES | ENT_SUBSTITUTE, 'UTF-8');
}

function requireAdmin()
{
    if (empty($_SESSION['adminid'])) {
        header('location: /admin/login.php');
        exit;
    }
}

function requireToken()
{
    if (check_token('WHMCS.admin.default') === false) {
        http_response_code(403);
        exit('Invalid token');
    }
}

function isPost(): bool
{
    return $_SERVER['REQUEST_METHOD'] === 'POST';
}

function showPage(string $title, string $html)
{
    $links = [
        'clientsprofile.php?userid=5' => 'Client', 'configproducts.php?id=1' => 'Product', 'configgateways.php' => 'Gateways',
        'configgeneral.php' => 'General settings', 'configadmins.php?id=8' => 'Administrator', 'configaddonmods.php' => 'Addon modules',
        'addonmodules.php?module=sealtrail' => 'Sealtrail', 'logout.php' => 'Log out',
    ];
    $menu = '';
    foreach ($links as $url => $label) {
        $menu .= '<li><a href="/admin/' . escape($url) . '">' . escape($label) . '</a></li>';
    }
    echo '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>' . escape($title) . '</title></head><body>'
        . (empty($_SESSION['adminid']) ? '' : '<ul>' . $menu . '</ul>') . '<h1>' . escape($title) . '</h1>' . $html . '</body></html>';
}

/** @param array $fields name => value */
function showForm(array $fields, string $button, array $passwords = []): string
{
    $html = generate_token();
    foreach ($fields as $name => $value) {
        $type = in_array($name, $passwords, true) ? 'password' : 'text';
        $html .= '<p><label>' . escape($name) . ' <input type="' . $type . '" name="' . escape($name) . '" value="'
            . escape($value) . '"></label></p>';
    }

    return '<form method="post">' . $html . '<button type="submit">' . escape($button) . '</button></form>';
}
