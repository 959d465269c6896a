<?php

declare(strict_types=1);

namespace Sealtrail\StandIn;

/** mysql://user:pass@host:port/db, or with ?socket=/path. */
final class DatabaseUrl
{
    public $host;
    public $port;
    public $socket;
    public $username;
    public $password;
    public $database;

    public static function fromEnvironment(): self
    {
        $url = getenv('SEALTRAIL_TEST_MYSQL_URL');
        if (!is_string($url) || $url === '') {
            throw new \RuntimeException('SEALTRAIL_TEST_MYSQL_URL is not set, for example mysql://root:secret@127.0.0.1:3306/whmcs');
        }

        return self::parse($url);
    }

    public static function parse(string $url): self
    {
        $parts = parse_url($url);
        if (!is_array($parts) || ($parts['scheme'] ?? '') !== 'mysql') {
            throw new \RuntimeException('not a mysql:// URL');
        }
        parse_str($parts['query'] ?? '', $query);
        $self = new self();
        $self->host = rawurldecode($parts['host'] ?? '127.0.0.1');
        $self->port = $parts['port'] ?? 3306;
        $self->socket = $query['socket'] ?? '';
        $self->username = rawurldecode($parts['user'] ?? 'root');
        $self->password = rawurldecode($parts['pass'] ?? '');
        $self->database = trim($parts['path'] ?? '', '/') ?: 'whmcs_standin';

        return $self;
    }

    public function connect(bool $withDatabase = true): \PDO
    {
        $server = $this->socket === '' ? 'host=' . $this->host . ';port=' . $this->port : 'unix_socket=' . $this->socket;

        return new \PDO(
            'mysql:' . $server . ($withDatabase ? ';dbname=' . $this->database : '') . ';charset=utf8mb4',
            $this->username,
            $this->password,
            [\PDO::ATTR_ERRMODE => \PDO::ERRMODE_EXCEPTION, \PDO::ATTR_DEFAULT_FETCH_MODE => \PDO::FETCH_OBJ]
        );
    }

    /** As Illuminate's Connection::getConfig() gives it. */
    public function config(): array
    {
        return [
            'driver' => 'mysql', 'host' => $this->host, 'port' => $this->port, 'unix_socket' => $this->socket,
            'database' => $this->database, 'username' => $this->username, 'password' => $this->password,
            'charset' => 'utf8mb4',
        ];
    }

    public function __toString(): string
    {
        return 'mysql://' . rawurlencode($this->username) . ':' . rawurlencode($this->password) . '@' . $this->host . ':'
            . $this->port . '/' . $this->database . ($this->socket === '' ? '' : '?socket=' . $this->socket);
    }
}
