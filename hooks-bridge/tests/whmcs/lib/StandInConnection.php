<?php

declare(strict_types=1);

namespace Sealtrail\StandIn;

final class StandInConnection
{
    private $url;
    private $pdo;

    public function __construct(DatabaseUrl $url)
    {
        $this->url = $url;
    }

    public function getPdo(): \PDO
    {
        if ($this->pdo === null) {
            $this->pdo = $this->url->connect();
        }

        return $this->pdo;
    }

    public function getConfig(): array
    {
        return $this->url->config();
    }

    public function beginTransaction()
    {
        $this->getPdo()->beginTransaction();
    }

    public function rollBack()
    {
        $this->getPdo()->rollBack();
    }
}
