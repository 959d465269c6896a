<?php

declare(strict_types=1);

require __DIR__ . '/page.php';

use Sealtrail\StandIn\StandIn;
use WHMCS\Database\Capsule;

requireAdmin();
$module = 'sealtrail';
require_once StandIn::MODULES . "/$module/$module.php";
$isActive = StandIn::isActive($module);
$notice = '';
if (isPost()) {
    requireToken();
    switch ($_POST['do'] ?? '') {
        case 'activate':
            $notice = StandIn::activateModule($module)['description'];
            break;
        case 'deactivate':
            $notice = StandIn::deactivateModule($module)['description'];
            break;
        default:
            foreach (array_keys(sealtrail_config()['fields']) as $field) {
                StandIn::moduleSetting($module, $field, (string) ($_POST[$field] ?? ''));
            }
            StandIn::setAccess($module, (array) ($_POST['access'] ?? []));
            run_hook('AddonModuleConfigSave', []);
            $notice = 'Changes saved';
    }
    $isActive = StandIn::isActive($module);
}
$values = [];
foreach (sealtrail_config()['fields'] as $field => $definition) {
    $values[$field] = Capsule::table('tbladdonmodules')->where('module', $module)->where('setting', $field)->value('value')
        ?? ($definition['Default'] ?? '');
}
$access = '';
foreach (Capsule::table('tbladminroles')->orderBy('id')->get() as $role) {
    $access .= '<label><input type="checkbox" name="access[]" value="' . (int) $role->id . '"' . (StandIn::mayOpen($module, (int) $role->id) ? ' checked' : '')
        . '> ' . escape($role->name) . '</label> ';
}
$switch = $isActive ? 'deactivate' : 'activate';
showPage('Addon modules', ($notice === '' ? '' : '<p role="status">' . escape($notice) . '</p>')
    . '<form method="post">' . generate_token() . '<button class="btn btn-default" type="submit" name="do" value="' . $switch . '">'
    . ucfirst($switch) . ' Sealtrail</button></form>'
    . ($isActive ? showForm($values, 'Save changes', ['secret'], '<tr><th scope="row">Access control</th><td>' . $access . '</td></tr>') : ''));
