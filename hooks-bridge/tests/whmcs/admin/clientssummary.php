<?php

declare(strict_types=1);

require __DIR__ . '/page.php';

use WHMCS\Database\Capsule;

requireAdmin();
$id = (int) ($_GET['userid'] ?? 5);
$client = Capsule::table('tblclients')->where('id', $id)->first();
if ($client === null) {
    http_response_code(404);
    exit('Client not found');
}
$actions = '';
foreach (run_hook('AdminAreaClientSummaryActionLinks', ['userid' => $id]) as $links) {
    foreach ((array) $links as $link) {
        $actions .= '<li>' . $link . '</li>';
    }
}
$rows = '';
foreach (['firstname', 'lastname', 'companyname', 'email', 'status'] as $field) {
    $rows .= '<tr><th scope="row">' . escape($field) . '</th><td>' . escape($client->$field) . '</td></tr>';
}
showPage('Client summary', '<div class="panel panel-default"><div class="panel-heading"><h3 class="panel-title">#' . $id . ' - '
    . escape($client->firstname . ' ' . $client->lastname) . '</h3></div><div class="panel-body"><table class="form">' . $rows
    . '</table><ul class="client-actions">' . $actions . '</ul></div></div>' . hookHtml('AdminAreaClientSummaryPage', ['userid' => $id]));
