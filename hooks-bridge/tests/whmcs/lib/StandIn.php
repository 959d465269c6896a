<?php

declare(strict_types=1);

namespace Sealtrail\StandIn;

use WHMCS\Database\Capsule;

/** Makes and removes the stand-in's own database and puts our module into it as WHMCS would. */
final class StandIn
{
    const MODULES = __DIR__ . '/../../../modules/addons';
    // Unknown database, unknown table.
    const NOT_THERE = [1049, 1146];
    const SCHEMAS = ['schema.sql', 'schema-pages.sql'];
    const ENV_FIELDS = ['sidecar_url' => 'SEALTRAIL_SIDECAR_URL', 'bridge_id' => 'SEALTRAIL_BRIDGE_ID'];

    public static function install(DatabaseUrl $url)
    {
        $server = $url->connect(false);
        $server->exec('CREATE DATABASE IF NOT EXISTS `' . $url->database . '` CHARACTER SET utf8mb4');
        $pdo = $url->connect();
        foreach (self::SCHEMAS as $file) {
            foreach (explode(";\n", trim((string) file_get_contents(__DIR__ . '/../' . $file))) as $statement) {
                $pdo->exec(rtrim($statement, ';'));
            }
        }
        $hash = $pdo->quote(password_hash('admin-password', PASSWORD_BCRYPT, ['cost' => 4]));
        $pdo->exec('UPDATE tbladmins SET passwordhash = ' . $hash);
    }

    public static function drop(DatabaseUrl $url)
    {
        $url->connect(false)->exec('DROP DATABASE IF EXISTS `' . $url->database . '`');
    }

    public static function isInstalled(DatabaseUrl $url): bool
    {
        try {
            // Not information_schema: that waits for whatever other tests on the server are making or dropping.
            $url->connect()->query('SELECT 1 FROM tblpaymentgateways LIMIT 1');

            return true;
        } catch (\PDOException $e) {
            if (!in_array((int) ($e->errorInfo[1] ?? 0), self::NOT_THERE, true)) {
                throw $e;
            }

            return false;
        }
    }

    /** Activate, as configaddonmods.php does: calls _activate, then keeps the module in the three lists. */
    public static function activateModule(string $module): array
    {
        require_once self::MODULES . "/$module/$module.php";
        $result = call_user_func($module . '_activate');
        if ($result['status'] === 'error') {
            return $result;
        }
        $config = call_user_func($module . '_config');
        Capsule::table('tbladdonmodules')->updateOrInsert(['module' => $module, 'setting' => 'version'], ['value' => $config['version']]);
        Capsule::table('tbladdonmodules')->updateOrInsert(['module' => $module, 'setting' => 'access'], ['value' => '1']);
        self::setList('ActiveAddonModules', $module, true);
        self::setList('AddonModulesHooks', $module, true);

        return $result;
    }

    public static function deactivateModule(string $module): array
    {
        require_once self::MODULES . "/$module/$module.php";
        $result = call_user_func($module . '_deactivate');
        Capsule::table('tbladdonmodules')->where('module', $module)->delete();
        self::setList('ActiveAddonModules', $module, false);
        self::setList('AddonModulesHooks', $module, false);

        return $result;
    }

    public static function moduleSetting(string $module, string $setting, string $value)
    {
        Capsule::table('tbladdonmodules')->updateOrInsert(['module' => $module, 'setting' => $setting], ['value' => $value]);
    }

    /** Address and id for this run; the secret is read by the bridge itself. */
    public static function pairFromEnvironment()
    {
        foreach (self::ENV_FIELDS as $setting => $env) {
            $value = getenv($env);
            if (is_string($value) && $value !== '') {
                self::moduleSetting('sealtrail', $setting, $value);
            }
        }
    }

    /** Ticked in Addon Modules, for each module: which roles may open its page. */
    public static function setAccess(string $module, array $roleIds)
    {
        self::moduleSetting($module, 'access', implode(',', array_map('intval', $roleIds)));
    }

    public static function mayOpen(string $module, int $roleId): bool
    {
        $access = (string) Capsule::table('tbladdonmodules')->where('module', $module)->where('setting', 'access')->value('value');

        return in_array((string) $roleId, explode(',', $access), true);
    }

    public static function isActive(string $module): bool
    {
        return in_array($module, self::list('ActiveAddonModules'), true);
    }

    public static function list(string $setting): array
    {
        $value = (string) Capsule::table('tblconfiguration')->where('setting', $setting)->value('value');

        return array_values(array_filter(explode(',', $value), 'strlen'));
    }

    private static function setList(string $setting, string $module, bool $isIn)
    {
        $modules = array_diff(self::list($setting), [$module]);
        if ($isIn) {
            $modules[] = $module;
        }
        Capsule::table('tblconfiguration')->where('setting', $setting)->update(['value' => implode(',', $modules)]);
    }
}
