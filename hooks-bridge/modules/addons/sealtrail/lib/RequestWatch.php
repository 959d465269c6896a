<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/**
 * What a request's own address and answer tell at its end, where WHMCS has neither a hook nor a row for it. Page and
 * parameter names below rest on documentation and memory: a wrong one never matches, and so tells nothing.
 */
final class RequestWatch
{
    /**
     * Pages of the admin area. script: its name; with: "name=value" of a parameter, as a pattern over all of them; method; tells:
     * parameters that are plain facts.
     */
    const ADMIN_PAGES = [
        [
            'watch' => 'admin.access_denied', 'script' => '/^accessdenied\.php$/', 'text' => 'The admin area refused a page.',
            'tells' => ['permid'],
        ],
        [
            'watch' => 'admin.access_denied', 'script' => '/^index\.php$/', 'with' => '~^rp=.*/access-?denied~', 'text' => 'The admin area refused a page.',
            'tells' => ['permid'],
        ],
        [
            'watch' => 'client_list.exported', 'script' => '/^(csvdownload|massdataexport|dataexport)\.php$/', 'with' => '/^(type|export)=(clients|users|contacts)/',
            'text' => 'A list of clients was exported.', 'tells' => ['type', 'export'],
        ],
        [
            'watch' => 'report.exported', 'script' => '/^(csvdownload|massdataexport|dataexport)\.php$/', 'text' => 'A list was exported.',
            'tells' => ['type', 'export', 'report'],
        ],
        [
            'watch' => 'report.exported', 'script' => '/^(reports|csvexport)\.php$/', 'with' => '/^(csv|export|csvexport|dl)=(?!0$|$)/',
            'text' => 'A report was exported.', 'tells' => ['report', 'startdate', 'enddate'],
        ],
        [
            'watch' => 'client.exported', 'script' => '/^(clientssummary|clientsexport|clientsprofile)\.php$/', 'with' => '/^(action|sub)=(export|dataexport|exportclient|clientexport)/',
            'text' => 'The data of a client was exported.', 'tells' => ['userid'],
        ],
        [
            'watch' => 'client.exported', 'script' => '/^index\.php$/', 'with' => '~^rp=.*/client/\d+/export~',
            'text' => 'The data of a client was exported.', 'tells' => ['rp', 'userid'],
        ],
        [
            'watch' => 'pay_method.decrypted', 'script' => '/^(clientsccdetails|clientssummary|index)\.php$/', 'with' => '~^(cchash=.|rp=.*/pay-?methods?/.*/?decrypt|action=decrypt)~',
            'text' => 'A stored card number was shown in full.', 'tells' => ['userid', 'paymethodid', 'id'],
        ],
        [
            'watch' => 'system.cleanup_run', 'script' => '/^systemcleanup\.php$/', 'with' => '/^(action|sub)=./',
            'text' => 'A system clean-up was run.', 'tells' => ['action', 'sub', 'type', 'date'],
        ],
        [
            'watch' => 'backup.downloaded', 'script' => '/^(systemdatabase|systembackups|systemdatabasebackup)\.php$/', 'with' => '/^(dlbackup|download|dl|backup)=|^(action|sub)=(download|backup|dlbackup)/',
            'text' => 'A database backup was downloaded.', 'tells' => ['action', 'file'],
        ],
    ];
    const API_CALLS = [
        'domainupdatelockingstatus' => ['domain.lock_enabled', 'domain.lock_disabled', 'lockstatus', ['domainid', 'domain']],
        'activatemodule' => ['module.activated', null, null, ['moduleName', 'moduleType']],
        'deactivatemodule' => ['module.deactivated', null, null, ['moduleName', 'moduleType']],
        'deleteticketnote' => ['ticket.note_deleted', null, null, ['noteid']],
    ];
    const LOGIN_SCRIPTS = ['dologin.php', 'login.php'];
    const ALL_SCRIPTS = '/^(accessdenied|csvdownload|massdataexport|dataexport|reports|csvexport|clientssummary|clientsexport|clientsprofile|clientsccdetails|systemcleanup|systemdatabase|systembackups|systemdatabasebackup|index)\.php$/';
    const MAX_VALUE_BYTES = 190;

    private $request;
    private $get;
    private $post;

    public function __construct(RequestFacts $request, array $get, array $post)
    {
        $this->request = $request;
        $this->get = $get;
        $this->post = $post;
    }

    /**
     * @param array<string, true> $hooks   heard in this request
     * @param string              $texts   of its activity log entries
     * @param int|bool            $status  of the answer, as http_response_code() gives it
     * @param bool                $isAdmin whether an admin is signed in at its end
     *
     * @return array<int, array{0: string, 1: string, 2: array}> action, text, plain facts
     */
    public function findings(array $hooks, string $texts, $status, bool $isAdmin, array $session): array
    {
        if ($this->request->via() === RequestFacts::VIA_API) {
            return $this->ofApi($status, $isAdmin, $texts);
        }
        if ($this->request->via() !== RequestFacts::VIA_UI) {
            return [];
        }
        if (!$this->request->isAdminArea()) {
            return $isAdmin ? [] : $this->ofClientArea();
        }
        if (!$isAdmin) {
            return $this->ofLogin($hooks, $texts, $session);
        }

        return is_int($status) && $status >= 400 && $status !== 403 ? [] : $this->ofAdminPage();
    }

    private function ofLogin(array $hooks, string $texts, array $session): array
    {
        $name = $this->post['username'] ?? null;
        $isTried = $this->request->method() === 'POST' && is_string($name) && $name !== '' && isset($this->post['password'])
            && (in_array($this->request->script(), self::LOGIN_SCRIPTS, true) || preg_match('~/login~', $this->route()) === 1);
        // With a second factor the first step ends without a session too; an activity entry has told it already.
        $isSecondStep = preg_match('/2fa|two.?factor|second.?factor/i', implode(' ', array_keys($session))) === 1;
        $isTold = preg_match('/^(?=[^\n]*fail)(?=[^\n]*login)[^\n]*admin/im', $texts) === 1;
        if (!$isTried || isset($hooks['AdminLogin']) || $isSecondStep || $isTold) {
            return [];
        }

        return [['admin.login_failed', 'An administrator sign-in ended without a session.', ['username' => self::short($name)]]];
    }

    private function ofApi($status, bool $isAdmin, string $texts): array
    {
        $call = is_string($this->post['action'] ?? null) ? $this->post['action'] : '';
        if ($status === 403) {
            if (!$isAdmin && preg_match('/api[^\n]*(login|auth)[^\n]*(fail|denied|invalid)|fail[^\n]*api[^\n]*(login|auth)/i', $texts) === 1) {
                return [];
            }

            return [$isAdmin
                ? ['api.access_denied', 'The API refused a call.', ['action' => self::short($call)]]
                : ['api.login_failed', 'The API refused a credential.', ['action' => self::short($call)]]];
        }
        $rule = self::API_CALLS[strtolower($call)] ?? null;
        if ($rule === null || !$isAdmin) {
            return [];
        }
        $isOn = $rule[2] === null || !in_array($this->post[$rule[2]] ?? '', ['', '0', 'false', 'off'], true);

        return [[$isOn ? $rule[0] : $rule[1], 'Called through the API.', $this->told(array_merge($rule[3], ['action']))]];
    }

    private function ofClientArea(): array
    {
        if ($this->request->method() !== 'POST' || ($this->get['action'] ?? $this->post['action'] ?? null) !== 'domaindetails'
            || ($this->post['sub'] ?? $this->get['sub'] ?? null) !== 'savereglock'
        ) {
            return [];
        }
        $id = $this->post['id'] ?? $this->get['id'] ?? $this->post['domainid'] ?? '';
        $isOn = !in_array($this->post['reglock'] ?? $this->post['lockstatus'] ?? '', ['', '0', 'off', 'unlocked'], true);

        return [[$isOn ? 'domain.lock_enabled' : 'domain.lock_disabled', 'Asked for in the client area.', is_scalar($id) ? ['domainid' => self::short((string) $id)] : []]];
    }

    private function ofAdminPage(): array
    {
        if (preg_match(self::ALL_SCRIPTS, $this->request->script()) !== 1) {
            return [];
        }
        foreach (self::ADMIN_PAGES as $page) {
            if (preg_match($page['script'], $this->request->script()) !== 1 || !$this->hasParameter($page['with'] ?? null)) {
                continue;
            }
            $facts = $this->told($page['tells']);
            if ($page['watch'] === 'admin.access_denied') {
                $facts['page'] = self::short($this->request->refererScript());
            }

            return [[$page['watch'], $page['text'], array_filter($facts, 'strlen') + ['script' => $this->request->script()]]];
        }

        return [];
    }

    private function hasParameter(?string $pattern): bool
    {
        if ($pattern === null) {
            return true;
        }
        foreach ([$this->get, $this->post] as $params) {
            foreach ($params as $name => $value) {
                if (is_scalar($value) && preg_match($pattern, strtolower($name . '=' . $value)) === 1) {
                    return true;
                }
            }
        }

        return false;
    }

    private function told(array $names): array
    {
        $told = [];
        foreach ($names as $name) {
            $value = $this->post[$name] ?? $this->get[$name] ?? null;
            if (is_scalar($value) && $value !== '') {
                $told[$name] = self::short((string) $value);
            }
        }

        return $told;
    }

    private function route(): string
    {
        $route = $this->get['rp'] ?? $this->post['rp'] ?? '';

        return is_string($route) ? $route : '';
    }

    private static function short(string $value): string
    {
        return FreeText::clean($value, self::MAX_VALUE_BYTES);
    }
}
