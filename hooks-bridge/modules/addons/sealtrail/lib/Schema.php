<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/** The bridge's own tables. Made on activation, and again by whoever finds one missing; never dropped. */
final class Schema
{
    // The text of an item is bytes (BLOB): what is sent twice must be the same twice, whatever the connection's charset.
    const OUTBOX = <<<'SQL'
CREATE TABLE IF NOT EXISTS mod_sealtrail_outbox (
  id BIGINT UNSIGNED NOT NULL PRIMARY KEY,
  event_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  subject VARCHAR(100) NOT NULL,
  body MEDIUMBLOB NOT NULL,
  recorded_at DATETIME(3) NOT NULL,
  parked_at DATETIME(3) NULL,
  reason VARCHAR(255) NULL,
  KEY parked (parked_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4
SQL;

    const STATE = <<<'SQL'
CREATE TABLE IF NOT EXISTS mod_sealtrail_state (
  name VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  value TEXT NOT NULL,
  holder CHAR(32) CHARACTER SET ascii COLLATE ascii_bin NULL,
  held_until DATETIME(3) NULL,
  not_before DATETIME(3) NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4
SQL;

    const KNOWN_THINGS = <<<'SQL'
CREATE TABLE IF NOT EXISTS mod_sealtrail_known_things (
  tbl VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  name VARCHAR(190) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  body MEDIUMTEXT NOT NULL,
  PRIMARY KEY (tbl, name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4
SQL;

    const KNOWN_ROWS = <<<'SQL'
CREATE TABLE IF NOT EXISTS mod_sealtrail_known_rows (
  tbl VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  id BIGINT NOT NULL,
  owner BIGINT NOT NULL,
  body MEDIUMBLOB NOT NULL,
  PRIMARY KEY (tbl, id),
  KEY owner (tbl, owner)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4
SQL;

    const CHECKPOINTS = <<<'SQL'
CREATE TABLE IF NOT EXISTS mod_sealtrail_checkpoints (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  origin VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  size BIGINT UNSIGNED NOT NULL,
  root CHAR(44) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  note BLOB NOT NULL,
  kept_at DATETIME(3) NOT NULL,
  UNIQUE KEY origin_size (origin, size)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4
SQL;

    private $connection;

    public function __construct(Connection $connection)
    {
        $this->connection = $connection;
    }

    public function create()
    {
        $this->connection->run(self::OUTBOX);
        $this->connection->run(self::STATE);
        $this->connection->run(self::KNOWN_THINGS);
        $this->connection->run(self::KNOWN_ROWS);
        $this->connection->run(self::CHECKPOINTS);
    }

    /** @return mixed what $work returns; when one of our tables was missing, it is made and $work runs once more */
    public function ensured(callable $work)
    {
        try {
            return $work();
        } catch (\PDOException $e) {
            if (!Connection::isMissingTable($e)) {
                throw $e;
            }
            $this->create();

            return $work();
        }
    }
}
