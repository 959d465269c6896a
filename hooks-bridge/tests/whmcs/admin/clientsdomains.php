<?php

declare(strict_types=1);

require __DIR__ . '/page.php';

use WHMCS\Database\Capsule;

requireAdmin();
$id = (int) ($_GET['id'] ?? 51);
$domain = (array) Capsule::table('tbldomains')->where('id', $id)->first();
$fields = ['domain', 'registrar', 'expirydate', 'nextduedate', 'status'];
if (isPost()) {
    requireToken();
    $new = [];
    foreach ($fields as $field) {
        $new[$field] = (string) ($_POST[$field] ?? $domain[$field]);
    }
    Capsule::table('tbldomains')->where('id', $id)->update($new);
    run_hook('AdminClientDomainsTabFieldsSave', ['id' => $id]);
    run_hook('DomainEdit', ['userid' => (int) $domain['userid'], 'domainid' => $id]);
    header('location: /admin/clientsdomains.php?userid=' . $domain['userid'] . '&id=' . $id . '&saved=1');
    exit;
}
showPage('Domain', saved() . showForm(array_intersect_key($domain, array_flip($fields)), 'Save changes', [], hookFields('AdminClientDomainsTabFields', ['id' => $id])));
