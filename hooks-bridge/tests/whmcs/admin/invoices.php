<?php

declare(strict_types=1);

require __DIR__ . '/page.php';

use WHMCS\Database\Capsule;

requireAdmin();
$id = (int) ($_GET['id'] ?? 123);
$invoice = Capsule::table('tblinvoices')->where('id', $id)->first();
if (isPost()) {
    requireToken();
    Capsule::table('tblinvoices')->where('id', $id)->update(['status' => 'Cancelled']);
    run_hook('InvoiceCancelled', ['invoiceid' => $id]);
    header('location: /admin/invoices.php?action=edit&id=' . $id . '&saved=1');
    exit;
}
$controls = hookHtml('AdminInvoicesControlsOutput', [
    'invoiceid' => $id, 'userid' => (int) $invoice->userid, 'subtotal' => (float) $invoice->subtotal, 'tax' => (float) $invoice->tax,
    'tax2' => (float) $invoice->tax2, 'credit' => (float) $invoice->credit, 'total' => (float) $invoice->total,
    'balance' => $invoice->status === 'Paid' ? 0.0 : (float) $invoice->total, 'taxrate' => (float) $invoice->taxrate, 'taxrate2' => 0.0,
    'paymentmethod' => $invoice->paymentmethod,
]);
showPage('Invoice #' . $invoice->invoicenum, saved() . '<p>' . escape($invoice->status) . ', ' . escape($invoice->total) . '</p><p class="invoice-controls">'
    . $controls . '</p><form method="post">' . generate_token() . '<button class="btn btn-default" type="submit">Mark cancelled</button></form>');
