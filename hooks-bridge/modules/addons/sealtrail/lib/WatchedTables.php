<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/**
 * Small tables whose changes have no hook. A table or column that an installation lacks is passed over.
 *
 * key      the column that names a thing; names: columns sent along with every change of it
 * columns  what is read and compared, null for all; secret: columns whose value is never sent
 * open     the only settings whose value is sent, null where every value is that does not look secret by its name
 * fold     many rows of one key make one thing: "settings" turns rows of (setting, value) into fields of these names,
 *          "permids" collects the values of permid in a list; null where a row is a thing
 */
final class WatchedTables
{
    const ALL = [
        'tblconfiguration' => [
            'key' => 'setting', 'names' => ['setting'], 'columns' => ['setting', 'value'], 'secret' => [],
            'open' => null, 'fold' => null,
        ],
        'tbladdonmodules' => [
            'key' => 'module', 'names' => ['module'], 'columns' => ['module', 'setting', 'value'], 'secret' => [],
            'open' => ['version', 'access'], 'fold' => 'settings',
        ],
        'tblpaymentgateways' => [
            'key' => 'gateway', 'names' => ['gateway'], 'columns' => ['gateway', 'setting', 'value'], 'secret' => [],
            'open' => ['name', 'visible', 'type', 'convertto'], 'fold' => 'settings',
        ],
        'tbladmins' => [
            'key' => 'id', 'names' => ['id', 'username'],
            'columns' => [
                'id', 'uuid', 'roleid', 'username', 'password', 'passwordhash', 'firstname', 'lastname', 'email', 'authmodule',
                'authdata', 'disabled', 'supportdepts', 'template', 'language', 'password_reset_key',
            ],
            'secret' => ['password', 'passwordhash', 'authdata', 'password_reset_key'], 'open' => null, 'fold' => null,
        ],
        'tbladminroles' => [
            'key' => 'id', 'names' => ['id', 'name'], 'columns' => null, 'secret' => [], 'open' => null, 'fold' => null,
        ],
        'tbladminperms' => [
            'key' => 'roleid', 'names' => ['roleid'], 'columns' => ['roleid', 'permid'], 'secret' => [],
            'open' => null, 'fold' => 'permids',
        ],
    ];

    const OPEN_VALUES = ['', 'on', 'off', 'yes', 'no', 'true', 'false', '0', '1'];

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
