<?php

declare(strict_types=1);

require_once __DIR__ . '/../../../init.php';

use WHMCS\Database\Capsule;

$invoiceId = (int) ($_POST['invoiceid'] ?? 0);
run_hook('LogTransaction', ['gateway' => 'paypal', 'data' => print_r($_POST, true), 'result' => 'Successful']);
Capsule::table('tblinvoices')->where('id', $invoiceId)->update(['status' => 'Paid', 'datepaid' => date('Y-m-d H:i:s')]);
run_hook('AddInvoicePayment', ['invoiceid' => $invoiceId]);
run_hook('InvoicePaid', ['invoiceid' => $invoiceId]);
echo 'OK';
