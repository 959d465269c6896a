<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/**
 * Which things a request names: by its parameters, by what "id" means on that page, by a routed address, by who is signed in.
 * Names that no installation uses are harmless; ids of something else cost a look at a row that does not change.
 */
final class NamedIds
{
    const PARAMS = [
        'invoiceid' => 'invoice', 'invoiceids' => 'invoice', 'selectedinvoices' => 'invoice', 'invid' => 'invoice',
        'transactionid' => 'transaction', 'transid' => 'transaction',
        'userid' => 'client', 'clientid' => 'client', 'client_id' => 'client', 'uid' => 'client', 'selectedclients' => 'client',
        'user_id' => 'user', 'auth_user_id' => 'user',
        'ticketid' => 'ticket', 'ticketids' => 'ticket', 'selectedtickets' => 'ticket', 'tid' => 'ticket',
        'replyid' => 'reply', 'rid' => 'reply', 'editid' => 'reply', 'idsd' => 'reply',
        'domainid' => 'domain', 'domainids' => 'domain', 'serviceid' => 'service', 'productid' => 'service',
        'hostingid' => 'service', 'aid' => 'addon', 'addonid' => 'addon',
    ];
    const ID_OF_SCRIPT = [
        'invoices.php' => ['invoice'], 'viewinvoice.php' => ['invoice'], 'transactions.php' => ['transaction'],
        'supporttickets.php' => ['ticket'], 'viewticket.php' => ['ticket'], 'clientsdomains.php' => ['domain'],
        'clientsservices.php' => ['service'], 'clientshostinglist.php' => ['service'], 'clientsnotes.php' => ['client'],
        'clientssummary.php' => ['client'], 'clientsprofile.php' => ['client'], 'clientarea.php' => ['domain', 'service'],
        'users.php' => ['user'],
    ];
    const ROUTES = '~/(invoice|transaction|client|user|ticket|domain|service|addon)s?/(?:[a-z_-]+/)?(\d{1,10})(?=/|$)~i';
    const MOST_IDS = 50;

    /** @return array<string, array> kind => ids; "email" holds addresses */
    public static function of(string $script, array $get, array $post, array $session): array
    {
        $named = [];
        foreach ([$get, $post] as $params) {
            foreach ($params as $name => $value) {
                $kind = self::PARAMS[strtolower((string) $name)] ?? null;
                if ($kind !== null) {
                    self::add($named, $kind, $value);
                }
            }
            foreach (self::ID_OF_SCRIPT[$script] ?? [] as $kind) {
                self::add($named, $kind, $params['id'] ?? null);
            }
            $route = $params['rp'] ?? null;
            if (is_string($route) && preg_match_all(self::ROUTES, $route, $found, PREG_SET_ORDER)) {
                foreach ($found as list(, $kind, $id)) {
                    self::add($named, strtolower($kind), $id);
                }
            }
        }
        self::add($named, 'client', $session['uid'] ?? null);
        self::add($named, 'user', $session['login_auth_user'] ?? $session['upw_auth_user'] ?? null);
        $email = $post['email'] ?? null;
        if (is_string($email) && strlen($email) <= 190 && strpos($email, '@') > 0) {
            $named['email'][$email] = $email;
        }

        return $named;
    }

    private static function add(array &$named, string $kind, $value)
    {
        foreach (is_array($value) ? $value : [$value] as $id) {
            $isId = (is_int($id) || (is_string($id) && preg_match('/^\d{1,10}$/D', $id) === 1)) && (int) $id > 0;
            if ($isId && count($named[$kind] ?? []) < self::MOST_IDS) {
                $named[$kind][(int) $id] = (int) $id;
            }
        }
    }
}
