<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/** The rows of large tables that this request's captured events explain, taken over into what is known at its end. */
final class Touched
{
    const INVOICE_PARAMS = ['invoiceid', 'invoiceId', 'InvoiceID', 'invocieid', 'originalinvoiceid', 'newinvoiceid'];
    const CLIENT_PARAMS = ['userid', 'userId', 'client_id', 'clientid', 'clientId', 'toUserID', 'fromUserID'];
    const TRANSACTION_PARAMS = ['AddTransaction' => ['id', 'refundid']];
    // Where userid is no client.
    const NOT_CLIENTS = ['UserChangePassword', 'LogActivity'];
    // With these a client's invoices, transactions and credit go or move too.
    const WHOLE_CLIENT = ['PreDeleteClient', 'ClientDelete', 'AfterClientMerge'];

    private $ids = [];
    private $wholeClients = [];

    public function byHook(string $hook, array $params)
    {
        $this->addParams('tblinvoices', $params, self::INVOICE_PARAMS);
        $this->addParams('tblaccounts', $params, self::TRANSACTION_PARAMS[$hook] ?? []);
        if (!in_array($hook, self::NOT_CLIENTS, true)) {
            $clients = $this->addParams('tblclients', $params, self::CLIENT_PARAMS);
            if (in_array($hook, self::WHOLE_CLIENT, true)) {
                $this->wholeClients += $clients;
            }
        }
    }

    public function row(string $table, string $key)
    {
        if (isset(WatchedTables::LARGE[$table]) && (int) $key > 0) {
            $this->ids[$table][(int) $key] = true;
        }
    }

    public function takeOver(KnownRows $known, Connection $connection)
    {
        $ids = array_map('array_keys', $this->ids);
        $whole = array_keys($this->wholeClients);
        $this->ids = $this->wholeClients = [];
        if ($ids === [] && $whole === []) {
            return;
        }
        $tables = array_filter(array_keys(WatchedTables::LARGE), [$known, 'isKnown']);
        if ($tables === []) {
            return;
        }
        // In one transaction, so that it costs one commit.
        $connection->transaction(static function () use ($known, $tables, $ids, $whole) {
            foreach ($tables as $table) {
                $known->accept($table, $ids[$table] ?? []);
                if (isset($ids['tblinvoices']) && $table === 'tblaccounts') {
                    // Only what the invoice has now: a transaction that vanished is accepted by its own id or not at all.
                    $known->acceptWhere($table, 'l.invoiceid IN (?)', 'k.id = 0 AND k.owner IN (?)', $ids['tblinvoices']);
                }
                if (isset($ids['tblinvoices']) && $table === 'tblclients') {
                    $owners = 'id IN (SELECT userid FROM tblinvoices WHERE id IN (?))';
                    $known->acceptWhere($table, 'l.' . $owners, 'k.' . $owners, $ids['tblinvoices']);
                }
                if ($whole !== [] && $table !== 'tblclients') {
                    $owner = $table === 'tblcredit' ? 'clientid' : 'userid';
                    $known->acceptWhere($table, "l.$owner IN (?)", 'k.owner IN (?)', $whole);
                }
            }
        });
    }

    /** @return array<int, true> */
    private function addParams(string $table, array $params, array $names): array
    {
        $added = [];
        foreach ($names as $name) {
            $id = $params[$name] ?? null;
            if ((is_int($id) || is_string($id)) && (int) $id > 0) {
                $added[(int) $id] = true;
            }
        }
        if ($added !== []) {
            $this->ids[$table] = ($this->ids[$table] ?? []) + $added;
        }

        return $added;
    }
}
