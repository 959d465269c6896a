<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/** Who did it: by the door the request came through, then by the session, then by what the hook itself names. */
final class ActorResolver
{
    // Hooks whose own parameter names the admin who acts (in TicketFlagged it is the one who gets the ticket).
    const ADMIN_PARAMS = [
        'AdminLogin' => 'adminid', 'AdminLogout' => 'adminid', 'TicketAddNote' => 'adminid', 'TicketStatusChange' => 'adminid',
        'TicketDelete' => 'adminId', 'TicketDeleteReply' => 'adminId',
    ];
    // Hooks that fire before the session knows the person, or after it has forgotten.
    const CLIENT_PARAMS = ['ClientLogin' => 'userid', 'ClientLogout' => 'userid', 'ClientAreaRegister' => 'client_id'];
    const USER_PARAMS = ['UserLogin' => 'user', 'UserLogout' => 'user'];

    private $request;
    private $people;

    public function __construct(RequestFacts $request, People $people)
    {
        $this->request = $request;
        $this->people = $people;
    }

    public function actor(string $hook, array $params, string $salt): array
    {
        switch ($this->request->via()) {
            case RequestFacts::VIA_CRON:
                return $this->cron();
            case RequestFacts::VIA_CLI:
                return self::person('system', null, 'System');
            case RequestFacts::VIA_EMAIL:
                return self::mailSender($params);
            case RequestFacts::VIA_CALLBACK:
                $gateway = basename($this->request->script(), '.php');

                return self::person('gateway', $gateway, $gateway);
            case RequestFacts::VIA_API:
                return $this->apiCaller($salt);
            default:
                return $this->request->isAdminArea() ? $this->inAdminArea($hook, $params) : $this->inClientArea($hook, $params);
        }
    }

    /** Whether this hook's own parameters may say who acts, or it changes who is signed in. */
    public function dependsOn(string $hook): bool
    {
        return isset(self::ADMIN_PARAMS[$hook]) || isset(self::CLIENT_PARAMS[$hook]) || isset(self::USER_PARAMS[$hook])
            || $this->request->via() === RequestFacts::VIA_EMAIL;
    }

    // An admin can start the cron from the browser; then what it does was set off by that admin.
    private function cron(): array
    {
        $admin = $this->request->method() === '' || empty($_SESSION['adminid']) ? null : $this->people->findSignedInAdmin();

        return $admin === null
            ? self::person('system', null, 'System')
            : self::person('admin', $admin['id'], $admin['name'], $admin['role'], ['type' => 'system', 'id' => null, 'name' => 'System']);
    }

    private function inAdminArea(string $hook, array $params): array
    {
        $admin = $this->people->findSignedInAdmin();
        if ($admin === null && isset(self::ADMIN_PARAMS[$hook])) {
            $id = $params[self::ADMIN_PARAMS[$hook]] ?? null;
            $admin = is_scalar($id) && (int) $id > 0 ? $this->people->admin((int) $id) : null;
        }

        return $admin === null ? self::unknown() : self::person('admin', $admin['id'], $admin['name'], $admin['role']);
    }

    private function inClientArea(string $hook, array $params): array
    {
        $client = $this->people->findClient() ?? self::named('client', $params, self::CLIENT_PARAMS[$hook] ?? null);
        $user = $this->people->findUser() ?? self::named('user', $params, self::USER_PARAMS[$hook] ?? null);
        $asClient = $client === null ? null : ['type' => 'client'] + $client;
        $asUser = $user === null ? null : ['type' => 'user'] + $user;
        // A sign-in as a user while an admin session is open is that admin's "login as owner"; where nobody else is signed
        // in, an admin session is the only one there is.
        $isAdmin = $hook === 'UserLogin' || ($client === null && $user === null) || $this->people->isAdminAsClient();
        $admin = $isAdmin ? $this->people->findSignedInAdmin() : null;
        if ($admin !== null) {
            return self::person('admin', $admin['id'], $admin['name'], $admin['role'], $asClient ?? $asUser);
        }
        if ($user !== null) {
            return self::person('user', $user['id'], $user['name'], null, $asClient);
        }

        return $client === null ? self::unknown() : self::person('client', $client['id'], $client['name']);
    }

    private function apiCaller(string $salt): array
    {
        $identifier = $_POST['identifier'] ?? $_POST['username'] ?? null;
        $admin = $this->people->findSignedInAdmin();
        if ($admin === null && is_string($identifier) && http_response_code() !== 403) {
            // Where the session does not say, the credential's row does; of a refused one it proves nothing.
            $admin = $this->people->findAdminOfCredential($identifier);
        }

        return self::person(
            'api',
            is_string($identifier) && $identifier !== '' && $salt !== '' ? substr(hash_hmac('sha256', $identifier, $salt), 0, 16) : null,
            $admin['name'] ?? null,
            $admin['role'] ?? null,
            $admin === null ? null : ['type' => 'admin', 'id' => $admin['id'], 'name' => $admin['name']]
        );
    }

    private static function mailSender(array $params): array
    {
        $id = $params['userid'] ?? null;

        return is_scalar($id) && (int) $id > 0 ? self::person('client', (string) (int) $id, null) : self::unknown();
    }

    private static function named(string $type, array $params, ?string $param): ?array
    {
        $value = $param === null ? null : ($params[$param] ?? null);
        $id = $type === 'user' && is_array($value) ? ($value['id'] ?? null) : $value;
        $name = is_array($value) ? ($value['email'] ?? null) : null;

        return is_scalar($id) && (int) $id > 0 ? ['id' => (string) (int) $id, 'name' => $name] : null;
    }

    public static function unknown(): array
    {
        return self::person('unknown', null, null);
    }

    private static function person(string $type, ?string $id, ?string $name, ?string $role = null, ?array $actingAs = null): array
    {
        return ['type' => $type, 'id' => $id, 'name' => $name, 'role' => $role, 'acting_as' => $actingAs];
    }
}
