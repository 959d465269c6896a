<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/** Who is signed in, asked of WHMCS. Every answer may be missing; each question is asked once a request. */
final class People
{
    private $connection;
    private $facts;
    private $current;
    private $admins = [];

    /** @param Connection $connection ours: even a SELECT on WHMCS's own would reset its lastInsertId() */
    public function __construct(Connection $connection, ?FactsCache $facts = null)
    {
        $this->connection = $connection;
        $this->facts = $facts;
    }

    /** @return array{id: string, name: ?string, role: ?string}|null */
    public function findSignedInAdmin(): ?array
    {
        $id = $_SESSION['adminid'] ?? null;
        if (!is_scalar($id) || (int) $id <= 0) {
            $admin = $this->ask('admin');
            $id = is_object($admin) ? ($this->fields($admin)['id'] ?? null) : null;
        }

        return is_scalar($id) && (int) $id > 0 ? $this->admin((int) $id) : null;
    }

    public function isAdminSignedIn(): bool
    {
        return is_object($this->ask('admin'));
    }

    /** @return array{id: string, name: ?string, role: ?string}|null the admin whom an API credential belongs to */
    public function findAdminOfCredential(string $identifier): ?array
    {
        foreach (['tbldeviceauth' => 'user_id', 'tblapi_credentials' => 'admin_id'] as $table => $column) {
            try {
                $id = (int) $this->connection->run("SELECT $column FROM $table WHERE identifier = ?", [$identifier])->fetchColumn();
                if ($id > 0) {
                    return $this->admin($id);
                }
            } catch (\Throwable $e) {
                // Names from memory: an installation may lack them.
                continue;
            }
        }

        return null;
    }

    /** @return array{id: string, name: ?string, role: ?string} */
    public function admin(int $id): array
    {
        if (!isset($this->admins[$id])) {
            $this->admins[$id] = $this->readAdmin($id) + ['id' => (string) $id, 'name' => null, 'role' => null];
        }

        return $this->admins[$id];
    }

    /** @return array{id: string, name: ?string}|null */
    public function findUser(): ?array
    {
        $fields = $this->fields($this->ask('user'));

        return isset($fields['id']) ? ['id' => (string) $fields['id'], 'name' => $this->personName($fields)] : null;
    }

    /** @return array{id: string, name: ?string}|null */
    public function findClient(): ?array
    {
        $fields = $this->fields($this->ask('client'));
        if (isset($fields['id'])) {
            return ['id' => (string) $fields['id'], 'name' => $this->personName($fields)];
        }
        $id = $_SESSION['uid'] ?? null;

        return is_scalar($id) && (int) $id > 0 ? ['id' => (string) (int) $id, 'name' => null] : null;
    }

    public function isAdminAsClient(): bool
    {
        return $this->ask('isMasqueradingAdmin') === true;
    }

    private function readAdmin(int $id): array
    {
        $kept = $this->facts === null ? null : $this->facts->find('admin.' . $id);
        if ($kept !== null) {
            return $kept;
        }
        try {
            $admin = $this->connection->run(
                'SELECT a.username AS name, r.name AS role FROM tbladmins a LEFT JOIN tbladminroles r ON r.id = a.roleid WHERE a.id = ?',
                [$id]
            )->fetch();

            if ($admin !== false && $this->facts !== null) {
                $this->facts->put('admin.' . $id, $admin);
            }

            return $admin === false ? [] : $admin;
        } catch (\Throwable $e) {
            return [];
        }
    }

    /** @return mixed */
    private function ask(string $question)
    {
        $class = 'WHMCS\\Authentication\\CurrentUser';
        try {
            if ($this->current === null && class_exists($class)) {
                $this->current = new $class();
            }

            return $this->current !== null && is_callable([$this->current, $question]) ? $this->current->$question() : null;
        } catch (\Throwable $e) {
            return null;
        }
    }

    private function fields($person): array
    {
        $fields = is_object($person) ? ObjectFields::of($person) : [];

        return is_array($fields) ? $fields : [];
    }

    private function personName(array $fields): ?string
    {
        $name = trim(($fields['first_name'] ?? $fields['firstname'] ?? '') . ' ' . ($fields['last_name'] ?? $fields['lastname'] ?? ''));

        return $name !== '' ? $name : ($fields['email'] ?? null);
    }
}
