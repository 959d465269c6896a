<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/**
 * What is watched because no hook tells of it. A table or column that an installation lacks is passed over, so a name that
 * rests on memory alone does no harm.
 *
 * key      the column that names a thing; names: columns sent along with every change of it
 * columns  what is read and compared, null for all; skip: columns that change by themselves
 * quiet    keys that change by themselves
 * secret   columns whose value is never sent; digest: long texts, of which only a fingerprint is kept and sent
 * open     the only settings whose value is sent, null where every value is that does not look secret by its name
 * fold     many rows of one key make one thing: "settings" turns rows of (setting, value) into fields of these names,
 *          "permids" collects the values of permid in a list; null where a row is a thing
 */
final class WatchedTables
{
    const PLAIN = [
        'key' => 'id', 'names' => ['id'], 'columns' => null, 'skip' => ['created_at', 'updated_at'], 'quiet' => [],
        'secret' => [], 'digest' => [], 'open' => null, 'fold' => null,
    ];

    /** Read whole: a few thousand rows together. */
    const SMALL = [
        'tblconfiguration' => [
            'key' => 'setting', 'names' => ['setting'], 'columns' => ['setting', 'value'],
            'quiet' => [
                'lastCronInvocationTime', 'lastDailyCronInvocationTime', 'LastCronRun', 'LastDailyCronRun', 'CronLastRun',
                'DailyCronLastRun', 'UpdaterLastChecked', 'UpdaterLatestVersion', 'UpdaterLatestBetaVersion',
                'UpdaterLatestStableVersion', 'UpdaterLatestSupportAndUpdatesVersion', 'LicenseCheckTime', 'TickerStats',
            ],
        ],
        'tbladdonmodules' => [
            'key' => 'module', 'names' => ['module'], 'columns' => ['module', 'setting', 'value'],
            'open' => ['version', 'access'], 'fold' => 'settings',
        ],
        'tblpaymentgateways' => [
            'key' => 'gateway', 'names' => ['gateway'], 'columns' => ['gateway', 'setting', 'value'],
            'open' => ['name', 'visible', 'type', 'convertto'], 'fold' => 'settings',
        ],
        'tblregistrars' => [
            'key' => 'registrar', 'names' => ['registrar'], 'columns' => ['registrar', 'setting', 'value'],
            'open' => [], 'fold' => 'settings',
        ],
        'tblfraud' => ['key' => 'fraud', 'names' => ['fraud'], 'columns' => ['fraud', 'setting', 'value'], 'open' => [], 'fold' => 'settings'],
        'tbladmins' => [
            'names' => ['id', 'username'],
            'columns' => [
                'id', 'uuid', 'roleid', 'username', 'password', 'passwordhash', 'firstname', 'lastname', 'email', 'authmodule',
                'authdata', 'disabled', 'supportdepts', 'template', 'language', 'password_reset_key',
            ],
            'secret' => ['password', 'passwordhash', 'authdata', 'password_reset_key'],
        ],
        'tbladminroles' => ['names' => ['id', 'name']],
        'tbladminperms' => ['key' => 'roleid', 'names' => ['roleid'], 'columns' => ['roleid', 'permid'], 'fold' => 'permids'],
        'tblapi_roles' => ['names' => ['id', 'role']],
        'tbldeviceauth' => [
            'names' => ['id', 'description'], 'skip' => ['created_at', 'updated_at', 'last_access'],
            'secret' => ['identifier', 'secret', 'compat_secret', 'secret_hash'],
        ],
        'tblapi_credentials' => [
            'names' => ['id', 'description'], 'skip' => ['created_at', 'updated_at', 'last_access'],
            'secret' => ['identifier', 'secret', 'compat_secret', 'secret_hash'],
        ],
        'tblbannedips' => ['names' => ['id', 'ip']],
        'tblproducts' => ['names' => ['id', 'name'], 'skip' => ['created_at', 'updated_at', 'qty'], 'digest' => ['description']],
        'tblpromotions' => ['names' => ['id', 'code'], 'skip' => ['created_at', 'updated_at', 'uses']],
        'tbltax' => ['names' => ['id', 'name']],
        'tblcurrencies' => ['names' => ['id', 'code']],
        'tblticketdepartments' => ['names' => ['id', 'name'], 'secret' => ['password', 'mail_auth_config']],
        'tblemailtemplates' => [
            'names' => ['id', 'name', 'subject'],
            'columns' => [
                'id', 'type', 'name', 'subject', 'message', 'attachments', 'fromname', 'fromemail', 'disabled', 'custom', 'language',
                'copyto', 'blind_copy_to', 'plaintext',
            ],
            'digest' => ['message'],
        ],
    ];

    /**
     * Too large to be read whole: compared by ranges of id, once a day. Free text comes last, since a value that holds the
     * separator can then only spoil itself.
     */
    const LARGE = [
        'tblinvoices' => [
            'columns' => [
                'id', 'userid', 'date', 'duedate', 'datepaid', 'subtotal', 'credit', 'tax', 'tax2', 'total', 'taxrate', 'taxrate2',
                'status', 'paymentmethod', 'invoicenum', 'notes',
            ],
        ],
        'tblaccounts' => [
            'columns' => [
                'id', 'userid', 'currency', 'gateway', 'date', 'amountin', 'fees', 'amountout', 'rate', 'invoiceid', 'refundid',
                'transid', 'description',
            ],
        ],
        'tblcredit' => ['columns' => ['id', 'clientid', 'admin_id', 'date', 'amount', 'relid', 'description']],
        'tblclients' => ['columns' => ['id', 'credit']],
    ];

    /**
     * Rows that a request names, read at its start and again at its end. by: columns that hold a named id; tells_new: a new
     * row has no hook; silent: every change has a hook, and the row only gives it a "before".
     */
    const NAMED = [
        'tblinvoices' => [
            'by' => ['id' => 'invoice'], 'names' => ['id', 'userid', 'invoicenum'],
            'skip' => ['created_at', 'updated_at', 'last_capture_attempt'],
        ],
        'tblaccounts' => ['by' => ['id' => 'transaction', 'invoiceid' => 'invoice'], 'names' => ['id', 'userid', 'invoiceid', 'transid']],
        'tblnotes' => [
            'tells_new' => true,
            'by' => ['userid' => 'client'], 'names' => ['id', 'userid'], 'skip' => ['created_at', 'updated_at', 'modified'],
        ],
        'tblpaymethods' => [
            'tells_new' => true,
            'by' => ['userid' => 'client'], 'names' => ['id', 'userid', 'payment_type', 'gateway_name'],
            'secret' => ['remote_storage', 'remote_token'],
        ],
        'tblusers_clients' => [
            'tells_new' => true,
            'by' => ['client_id' => 'client', 'auth_user_id' => 'user'], 'names' => ['id', 'auth_user_id', 'client_id'],
            'skip' => ['created_at', 'updated_at', 'last_login'],
        ],
        'tblusers' => [
            'by' => ['id' => 'user', 'email' => 'email'], 'names' => ['id', 'email'],
            'skip' => ['created_at', 'updated_at', 'last_login', 'last_ip', 'last_hostname', 'remember_token'],
            'secret' => [
                'password', 'reset_token', 'second_factor_config', 'email_verification_token', 'security_question_answer',
            ],
        ],
        'tblclients' => [
            'by' => ['id' => 'client'], 'names' => ['id'],
            'columns' => ['id', 'status', 'groupid', 'credit', 'taxexempt', 'notes', 'email', 'firstname', 'lastname', 'companyname'],
            'silent' => true,
        ],
        'tbltickets' => [
            'by' => ['id' => 'ticket'], 'names' => ['id', 'tid', 'userid'],
            'columns' => ['id', 'tid', 'did', 'userid', 'title', 'status', 'urgency', 'flag'], 'silent' => true,
        ],
        'tblticketnotes' => ['by' => ['ticketid' => 'ticket'], 'names' => ['id', 'ticketid'], 'digest' => ['message', 'attachments']],
        'tblticketreplies' => [
            'by' => ['id' => 'reply'], 'names' => ['id', 'tid', 'userid'], 'columns' => ['id', 'tid', 'userid', 'admin', 'date', 'message'],
            'digest' => ['message'],
        ],
        'tbldomains' => [
            'by' => ['id' => 'domain'], 'names' => ['id', 'userid', 'domain'],
            'skip' => ['created_at', 'updated_at', 'synced'],
        ],
        'tblhosting' => [
            'by' => ['id' => 'service'], 'names' => ['id', 'userid', 'domain'], 'secret' => ['password'],
            'skip' => ['created_at', 'updated_at', 'lastupdate', 'diskusage', 'disklimit', 'bwusage', 'bwlimit'], 'silent' => true,
        ],
        'tblhostingaddons' => [
            'by' => ['id' => 'addon'], 'names' => ['id', 'userid', 'hostingid'], 'skip' => ['created_at', 'updated_at'], 'silent' => true,
        ],
    ];

    const OPEN_VALUES = ['', 'on', 'off', 'yes', 'no', 'true', 'false', '0', '1'];

    /** @return array<string, array> table => definition with every part filled in */
    public static function filled(array $tables): array
    {
        return array_map(static function (array $definition): array {
            return $definition + self::PLAIN;
        }, $tables);
    }

    /** A flag never gives a secret away; a setting's name or its table may. */
    public static function isSecretValue(array $definition, string $setting, string $value): bool
    {
        if (in_array($value, self::OPEN_VALUES, true)) {
            return false;
        }
        if ($definition['open'] !== null) {
            return !in_array($setting, $definition['open'], true);
        }

        return preg_match('/pass|pwd|secret|key|token|hash|smtp|credential|private/i', $setting) === 1;
    }
}
