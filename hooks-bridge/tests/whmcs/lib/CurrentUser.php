<?php

declare(strict_types=1);

namespace WHMCS\Authentication;

use WHMCS\Database\Capsule;
use WHMCS\User\Admin;
use WHMCS\User\Client;
use WHMCS\User\User;

/** As advanced/authentication describes it: admin, user and client are not exclusive. */
class CurrentUser
{
    public function isAuthenticatedAdmin(): bool
    {
        return $this->admin() !== null;
    }

    public function isMasqueradingAdmin(): bool
    {
        return isset($_SESSION['adminid']) && !empty($_SESSION['masquerading']);
    }

    public function admin()
    {
        return $this->find(Admin::class, 'tbladmins', 'adminid');
    }

    public function user()
    {
        return $this->find(User::class, 'tblusers', 'login_auth_user');
    }

    public function client()
    {
        return $this->find(Client::class, 'tblclients', 'uid');
    }

    private function find(string $class, string $table, string $sessionKey)
    {
        $id = $_SESSION[$sessionKey] ?? null;
        $row = $id === null ? null : Capsule::table($table)->where('id', (int) $id)->first();

        return $row === null ? null : new $class((array) $row);
    }
}
