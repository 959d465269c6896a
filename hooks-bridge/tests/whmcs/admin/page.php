<?php

declare(strict_types=1);

// Frame of the small admin area: a signed-in admin with a role, WHMCS's output hooks where its documentation puts them,
// Bootstrap 3 class names.
define('ADMINAREA', true);
require_once __DIR__ . '/../init.php';

use Sealtrail\StandIn\StandIn;
use WHMCS\Database\Capsule;

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

/** @return stdClass the signed-in admin's row */
function currentAdmin()
{
    static $admin = null;
    if ($admin === null) {
        $admin = Capsule::table('tbladmins')->where('id', (int) $_SESSION['adminid'])->first();
    }

    return $admin;
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

function adminFile(): string
{
    return basename((string) $_SERVER['SCRIPT_NAME'], '.php');
}

/** What every hook of an admin page is given. */
function templateVars(string $title): array
{
    $admin = empty($_SESSION['adminid']) ? null : currentAdmin();

    return [
        'charset' => 'utf-8', 'template' => 'blend', 'pagetemplate' => adminFile(), 'adminid' => $admin->id ?? null,
        'admin_username' => $admin->username ?? '', 'admin_notes' => '', 'admin_perms' => [], 'addon_modules' => StandIn::list('ActiveAddonModules'),
        'filename' => adminFile(), 'pagetitle' => $title, 'helplink' => '', 'sidebar' => '', 'minsidebar' => false,
        'jquerycode' => '', 'jscode' => '', 'datepickerformat' => 'dd/mm/yy', 'adminsonline' => $admin->username ?? '',
    ];
}

function hookHtml(string $hook, array $vars): string
{
    return implode("\n", array_filter(run_hook($hook, $vars), 'is_string'));
}

/** Rows of label and HTML that a tab of fields gets from modules. */
function hookFields(string $hook, array $vars): string
{
    $html = '';
    foreach (run_hook($hook, $vars) as $fields) {
        foreach ((array) $fields as $label => $field) {
            $html .= '<tr><th scope="row">' . escape($label) . '</th><td>' . $field . '</td></tr>';
        }
    }

    return $html;
}

function menuHtml(): string
{
    $links = [
        'index.php' => 'Home', 'clientssummary.php?userid=5' => 'Client', 'clientsprofile.php?userid=5' => 'Profile',
        'clientsservices.php?userid=5&id=41' => 'Service', 'clientsdomains.php?userid=5&id=51' => 'Domain',
        'invoices.php?action=edit&id=123' => 'Invoice', 'supporttickets.php?action=view&id=31' => 'Ticket',
        'configproducts.php?id=1' => 'Product', 'configgateways.php' => 'Gateways', 'configgeneral.php' => 'General settings',
        'configadmins.php?id=8' => 'Administrator', 'configaddonmods.php' => 'Addon modules',
        'addonmodules.php?module=sealtrail' => 'Sealtrail', 'myaccount.php' => 'My account', 'logout.php' => 'Log out',
    ];
    $menu = '';
    foreach ($links as $url => $label) {
        $isHere = strpos($url, adminFile() . '.php') === 0;
        $menu .= '<li' . ($isHere ? ' class="active"' : '') . '><a href="/admin/' . escape($url) . '">' . escape($label) . '</a></li>';
    }

    return '<nav class="navbar"><span class="navbar-brand">' . escape('WHMCS stand-in') . '</span><ul>' . $menu . '</ul><span class="navbar-text">'
        . escape(currentAdmin()->username) . '</span></nav>';
}

function showPage(string $title, string $html)
{
    $isSignedIn = !empty($_SESSION['adminid']);
    $vars = templateVars($title);
    if ($isSignedIn) {
        foreach (run_hook('AdminAreaPage', $vars) as $more) {
            $vars = array_merge($vars, (array) $more);
        }
    }
    $hook = static function (string $name) use ($isSignedIn, $vars): string {
        return $isSignedIn ? hookHtml($name, $vars) : '';
    };
    echo '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>'
        . escape($vars['pagetitle']) . '</title><link rel="icon" href="data:,"><link rel="stylesheet" href="/admin/blend.css">' . $hook('AdminAreaHeadOutput')
        . '</head><body>' . $hook('AdminAreaHeaderOutput') . ($isSignedIn ? menuHtml() : '') . '<div class="contentarea"><h1>'
        . escape($vars['pagetitle']) . '</h1>' . $html . '</div>' . $hook('AdminAreaFooterOutput') . '</body></html>';
}

/** @param array $fields name => value */
function showForm(array $fields, string $button, array $passwords = [], string $rows = ''): string
{
    $html = '';
    foreach ($fields as $name => $value) {
        $type = in_array($name, $passwords, true) ? 'password' : 'text';
        $html .= '<tr><th scope="row"><label for="in-' . escape($name) . '">' . escape($name) . '</label></th><td><input class="form-control" id="in-'
            . escape($name) . '" type="' . $type . '" name="' . escape($name) . '" value="' . escape($value) . '"></td></tr>';
    }

    return '<form method="post">' . generate_token() . '<table class="form">' . $html . $rows . '</table><button class="btn btn-primary" type="submit">'
        . escape($button) . '</button></form>';
}

function saved(): string
{
    return isset($_GET['saved']) ? '<div class="alert alert-success" role="status">Changes saved</div>' : '';
}
