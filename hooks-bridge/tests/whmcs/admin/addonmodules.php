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
require_once StandIn::MODULES . "/$module/$module.php";
$language = in_array($_GET['language'] ?? '', ['english', 'chinese', 'chinese-tw'], true) ? $_GET['language'] : 'english';
$vars = ['modulelink' => 'addonmodules.php?module=' . $module, 'version' => ''];
foreach (Capsule::table('tbladdonmodules')->where('module', $module)->get() as $row) {
    $vars[$row->setting] = $row->value;
}
$_ADDONLANG = [];
require StandIn::MODULES . "/$module/lang/$language.php";
$vars['_lang'] = $_ADDONLANG;
ob_start();
call_user_func($module . '_output', $vars);
showPage('Sealtrail', (string) ob_get_clean());
