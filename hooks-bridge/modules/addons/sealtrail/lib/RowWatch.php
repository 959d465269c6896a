<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/**
 * The rows of the things that a request names, as they were at its start. They give hooks without old values a "before", and
 * what changed without a hook is reported at the end.
 */
final class RowWatch
{
    /** What the new value is called in the hook, by column. */
    const RENAMED = [
        'TicketStatusChange' => ['tbltickets', 'ticketid', ['status' => 'status']],
        'TicketDepartmentChange' => ['tbltickets', 'ticketid', ['did' => 'deptid']],
        'TicketPriorityChange' => ['tbltickets', 'ticketid', ['urgency' => 'priority']],
        'TicketSubjectChange' => ['tbltickets', 'ticketid', ['title' => 'subject']],
        'TicketFlagged' => ['tbltickets', 'ticketid', ['flag' => 'adminid']],
        'InvoiceChangeGateway' => ['tblinvoices', 'invoiceid', ['paymentmethod' => 'paymentmethod']],
    ];
    /** Hooks that tell which row changed but not what: the row is read again when they come. */
    const REREAD = [
        'TicketClose' => ['tbltickets', 'ticketid'],
        'InvoicePaid' => ['tblinvoices', 'invoiceid'], 'InvoiceUnpaid' => ['tblinvoices', 'invoiceid'],
        'InvoiceCancelled' => ['tblinvoices', 'invoiceid'], 'InvoiceRefunded' => ['tblinvoices', 'invoiceid'],
        'UpdateInvoiceTotal' => ['tblinvoices', 'invoiceid'], 'AddInvoicePayment' => ['tblinvoices', 'invoiceid'],
        'AddInvoiceLateFee' => ['tblinvoices', 'invoiceid'],
        'ServiceEdit' => ['tblhosting', 'serviceid'], 'AdminServiceEdit' => ['tblhosting', 'serviceid'],
        'AddonEdit' => ['tblhostingaddons', 'id'], 'DomainEdit' => ['tbldomains', 'domainid'],
        'ClientClose' => ['tblclients', 'userid'],
    ];
    /** Hooks after which the row is gone: all of it goes into "before". */
    const GONE = [
        'TicketDelete' => ['tbltickets', 'ticketId'], 'TicketDeleteReply' => ['tblticketreplies', 'replyId'],
        'ServiceDelete' => ['tblhosting', 'serviceid'], 'DomainDelete' => ['tbldomains', 'domainid'],
        'AddonDeleted' => ['tblhostingaddons', 'id'], 'PreDeleteClient' => ['tblclients', 'userid'],
        'ClientDelete' => ['tblclients', 'userid'],
    ];
    private $reader;
    private $tables;
    private $named = [];
    private $start = [];

    public function __construct(TableReader $reader, array $tables = WatchedTables::NAMED)
    {
        $this->reader = $reader;
        $this->tables = WatchedTables::filled($tables);
    }

    /** @param array<string, array> $named kind => ids, as NamedIds gives them */
    public function begin(array $named)
    {
        $this->named = $named;
        foreach ($this->tables as $table => $definition) {
            $rows = $this->readNamed($table, $definition);
            if ($rows !== null) {
                $this->start[$table] = $rows;
            }
        }
    }

    /**
     * @param array $params of the hook
     *
     * @return array{0: ?array, 1: array} before, and what the hook does not say about after
     */
    public function around(string $hook, array $params): array
    {
        list($table, $param, $map) = (self::RENAMED[$hook] ?? self::REREAD[$hook] ?? self::GONE[$hook] ?? [null, null]) + [2 => []];
        $key = $table === null ? null : ($params[$param] ?? $params[strtolower($param)] ?? null);
        $key = is_int($key) || is_string($key) ? (string) $key : '';
        $old = $this->start[$table][$key] ?? null;
        if ($old === null) {
            return [null, []];
        }
        if ($map !== []) {
            return [$this->renamed($table, $key, $old, $map, $params), []];
        }
        $new = $this->reader->rows($table, $this->tables[$table], 'id', [$key])[$key] ?? null;
        $this->start[$table][$key] = $new;
        if (isset(self::GONE[$hook])) {
            return [TableReader::difference($old, null, $this->tables[$table])[0], []];
        }
        $change = TableReader::difference($old, $new, $this->tables[$table]);

        return $change === null || $change[1] === null ? [$change[0] ?? null, []] : $change;
    }

    /** Whether a user's password is being set through a reset link: the link's token was there when the request began. */
    public function hadResetToken(string $userId): bool
    {
        return !in_array($this->start['tblusers'][$userId]['reset_token'] ?? '', ['', null], true);
    }

    /** @param callable $report called with table, key, before, after for each difference */
    public function end(callable $report)
    {
        foreach ($this->start as $table => $rows) {
            $definition = $this->tables[$table];
            if (!empty($definition['silent'])) {
                continue;
            }
            $before = array_filter($rows);
            $after = $this->readNamed($table, $definition) ?? [];
            $missing = array_keys(array_diff_key($before, $after));
            if ($missing !== []) {
                // Gone, or only not named by what it was found by any more.
                $after += (array) $this->reader->rows($table, $definition, 'id', $missing);
            }
            $after = empty($definition['tells_new']) ? array_intersect_key($after, $before) : $after;
            foreach (TableWatch::changes($before, $after, $definition) as $key => $change) {
                $report($table, (string) $key, $change[0], $change[1]);
            }
        }
        $this->start = [];
    }

    // The new value counts as seen, so that the end of the request does not tell it again.
    private function renamed(string $table, string $key, array $old, array $map, array $params): array
    {
        $before = [];
        foreach ($map as $column => $name) {
            $before[$name] = $old[$column] ?? null;
            if (isset($params[$name]) && is_scalar($params[$name]) && array_key_exists($column, $old)) {
                $this->start[$table][$key][$column] = is_string($old[$column]) ? (string) $params[$name] : $params[$name];
            }
        }

        return $before;
    }

    private function readNamed(string $table, array $definition): ?array
    {
        $rows = null;
        foreach ($definition['by'] as $column => $kind) {
            if (!empty($this->named[$kind])) {
                $found = $this->reader->rows($table, $definition, $column, array_values($this->named[$kind]));
                $rows = $found === null ? $rows : $found + ($rows ?? []);
            }
        }

        return $rows;
    }
}
