<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail\Admin;

use WHMCS\Module\Addon\Sealtrail\Connection;
use WHMCS\Module\Addon\Sealtrail\People;
use WHMCS\Module\Addon\Sealtrail\Settings;
use WHMCS\Module\Addon\Sealtrail\State;
use WHMCS\Module\Addon\Sealtrail\Words;

/** The signed-in administrator, as the sidecar is told about them. */
final class Viewer
{
    // What the reader chose on our own pages comes back in these cookies and wins over WHMCS's settings.
    const LANGUAGE_COOKIE = 'sealtrail_lang';
    const ZONE_COOKIE = 'sealtrail_tz';
    const PATTERNS = [self::LANGUAGE_COOKIE => '/^(en|zh-CN|zh-TW)$/D', self::ZONE_COOKIE => '~^[A-Za-z][A-Za-z0-9_+/-]{0,63}$~D'];

    private $id;
    private $facts;

    private function __construct(int $id, array $facts)
    {
        $this->id = $id;
        $this->facts = $facts;
    }

    public static function find(Connection $connection): ?self
    {
        $person = (new People($connection))->findSignedInAdmin();
        if ($person === null) {
            return null;
        }
        $facts = self::read($connection, (int) $person['id']);

        return $facts === null ? null : new self((int) $person['id'], $facts);
    }

    /** Texts for whoever looks on, where WHMCS hands over none; English where nobody is signed in. */
    public static function words(Connection $connection): Words
    {
        try {
            $viewer = self::find($connection);
        } catch (\Throwable $e) {
            $viewer = null;
        }

        return Words::inLanguage($viewer === null ? 'english' : $viewer->language());
    }

    /** Whether WHMCS lets this role open the addon page: who may not sees nothing of ours elsewhere either. */
    public function mayOpen(): bool
    {
        $roles = array_map('trim', explode(',', (string) $this->facts['access']));

        return (int) $this->facts['roleid'] > 0 && in_array((string) (int) $this->facts['roleid'], $roles, true);
    }

    /** As WHMCS names languages, by file. */
    public function language(): string
    {
        $language = strtolower((string) ($this->facts['language'] ?? ''));

        return $language === '' ? 'english' : $language;
    }

    /** @param string|null $language what WHMCS shows the page in, where it says so */
    public function block(State $state, ?string $language = null): array
    {
        return [
            'admin_id' => (string) $this->id,
            'name' => (string) $this->facts['username'],
            'role' => (string) $this->facts['role'],
            'language' => self::cookie(self::LANGUAGE_COOKIE) ?? $language ?? $this->language(),
            'time_zone' => self::cookie(self::ZONE_COOKIE) ?? date_default_timezone_get(),
            'session' => hash_hmac('sha256', (string) session_id(), $state->salt()),
        ];
    }

    private static function cookie(string $name): ?string
    {
        $value = $_COOKIE[$name] ?? null;

        return is_string($value) && preg_match(self::PATTERNS[$name], $value) === 1 ? $value : null;
    }

    private static function read(Connection $connection, int $id): ?array
    {
        $sql = 'SELECT a.username, a.roleid, %s AS language, r.name AS role, m.value AS access FROM tbladmins a '
            . 'LEFT JOIN tbladminroles r ON r.id = a.roleid '
            . "LEFT JOIN tbladdonmodules m ON m.module = ? AND m.setting = 'access' WHERE a.id = ?";
        $values = [Settings::MODULE, $id];
        try {
            $row = $connection->run(sprintf($sql, 'a.language'), $values)->fetch();
        } catch (\PDOException $e) {
            // Not every version documents the column.
            $row = $connection->run(sprintf($sql, "''"), $values)->fetch();
        }

        return $row === false ? null : $row;
    }
}
