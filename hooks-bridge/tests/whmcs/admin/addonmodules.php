<?php

declare(strict_types=1);

require __DIR__ . '/page.php';

use Sealtrail\StandIn\StandIn;
use WHMCS\Database\Capsule;

requireAdmin();
$module = (string) ($_GET['module'] ?? '');
if (preg_match('/^[a-z][a-z0-9_]*$/', $module) !== 1 || !StandIn::isActive($module)) {
    http_response_code(404);
    exit('Module not found');
}
if (!StandIn::mayOpen($module, (int) currentAdmin()->roleid)) {
    http_response_code(403);
    showPage('Access denied', '<div class="alert alert-danger" role="alert">You do not have permission to open this module.</div>');
    exit;
}
require_once StandIn::MODULES . "/$module/$module.php";
$config = call_user_func($module . '_config');
$vars = ['modulelink' => 'addonmodules.php?module=' . $module, 'version' => ''];
foreach (Capsule::table('tbladdonmodules')->where('module', $module)->get() as $row) {
    $vars[$row->setting] = $row->value;
}
// The admin's language, else the one that the module names as its default.
$language = basename((string) currentAdmin()->language);
$_ADDONLANG = [];
require StandIn::MODULES . "/$module/lang/" . (is_file(StandIn::MODULES . "/$module/lang/$language.php") ? $language : $config['language']) . '.php';
$vars['_lang'] = $_ADDONLANG;
ob_start();
call_user_func($module . '_output', $vars);
showPage($config['name'], (string) ob_get_clean());
