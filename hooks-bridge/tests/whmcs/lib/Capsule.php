<?php

declare(strict_types=1);

namespace WHMCS\Database;

use Sealtrail\StandIn\DatabaseUrl;
use Sealtrail\StandIn\StandInConnection;
use Sealtrail\StandIn\TableQuery;
use Sealtrail\StandIn\TableSchema;

/** The calls of WHMCS's Capsule that the documentation names, over PDO. */
final class Capsule
{
    private static $connection;

    public static function open(DatabaseUrl $url)
    {
        self::$connection = new StandInConnection($url);
    }

    public static function connection(): StandInConnection
    {
        return self::$connection;
    }

    public static function table(string $table): TableQuery
    {
        return new TableQuery(self::$connection->getPdo(), $table);
    }

    public static function schema(): TableSchema
    {
        return new TableSchema(self::$connection->getPdo());
    }
}
