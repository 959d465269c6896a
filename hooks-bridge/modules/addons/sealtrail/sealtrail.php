<?php

declare(strict_types=1);

use WHMCS\Module\Addon\Sealtrail\Admin\Viewer;
use WHMCS\Module\Addon\Sealtrail\AdminPage;
use WHMCS\Module\Addon\Sealtrail\Bridge;
use WHMCS\Module\Addon\Sealtrail\Installation;
use WHMCS\Module\Addon\Sealtrail\Lifecycle;
use WHMCS\Module\Addon\Sealtrail\Words;

if (!defined('WHMCS')) {
    exit('This file cannot be accessed directly');
}

require_once __DIR__ . '/lib/autoload.php';

function sealtrail_config()
{
    $words = new Words([]);

    return [
        'name' => 'Sealtrail',
        'description' => $words->text('description'),
        'version' => Installation::BRIDGE_VERSION,
        'author' => 'Sealtrail',
        'language' => 'english',
        'fields' => [
            'sidecar_url' => [
                'FriendlyName' => $words->text('sidecar_url'),
                'Type' => 'text',
                'Size' => '60',
                'Default' => 'http://127.0.0.1:8787',
                'Description' => $words->text('sidecar_url_help'),
            ],
            'bridge_id' => [
                'FriendlyName' => $words->text('bridge_id'),
                'Type' => 'text',
                'Size' => '60',
                'Description' => $words->text('bridge_id_help'),
            ],
            'secret' => [
                'FriendlyName' => $words->text('secret'),
                'Type' => 'password',
                'Size' => '60',
                'Description' => $words->text('secret_help'),
            ],
        ],
    ];
}

function sealtrail_activate()
{
    $bridge = Bridge::ofBilling();

    return (new Lifecycle($bridge, Viewer::words($bridge->connection())))->activate();
}

function sealtrail_deactivate()
{
    $bridge = Bridge::ofBilling();

    return (new Lifecycle($bridge, Viewer::words($bridge->connection())))->deactivate();
}

function sealtrail_upgrade($vars)
{
    (new Lifecycle(Bridge::ofBilling(), new Words([])))->upgrade();
}

function sealtrail_output($vars)
{
    $words = new Words(is_array($vars['_lang'] ?? null) ? $vars['_lang'] : []);
    $link = (string) ($vars['modulelink'] ?? 'addonmodules.php?module=sealtrail');
    $page = new AdminPage(Bridge::ofBilling(), $words, $link);
    $html = $page->respond((string) ($_SERVER['REQUEST_METHOD'] ?? 'GET'), (string) ($_SERVER['QUERY_STRING'] ?? ''), $_POST);
    if ($html === null) {
        // Answered already, with headers of its own: nothing of WHMCS's page may follow.
        exit;
    }
    echo $html;
}
