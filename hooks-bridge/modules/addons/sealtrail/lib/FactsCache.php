<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/**
 * What every item names (our salt, the billing version, an admin's name and role), kept for a minute in a private file, so that
 * the first hook of a request need not open a connection to the database.
 */
final class FactsCache
{
    const FILE = '.facts.php';
    const SECONDS = 60;
    const MOST_FACTS = 200;

    private $spool;
    private $facts;

    public function __construct(Spool $spool)
    {
        $this->spool = $spool;
    }

    /** @return array|null what was kept under this name, while it is fresh */
    public function find(string $name): ?array
    {
        $kept = $this->all()[$name] ?? null;

        return is_array($kept) && is_array($kept['value'] ?? null) && abs(time() - (int) ($kept['at'] ?? 0)) < self::SECONDS ? $kept['value'] : null;
    }

    public function put(string $name, array $value)
    {
        $this->facts = null;
        $facts = array_slice($this->all(), -self::MOST_FACTS, null, true);
        unset($facts[$name]);
        $facts[$name] = ['at' => time(), 'value' => $value];
        $this->write($facts);
    }

    /** Something of it has changed. Other machines notice within a minute. */
    public function forget()
    {
        $this->write([]);
    }

    private function all(): array
    {
        if ($this->facts === null) {
            $folder = $this->spool->folder();
            $text = $folder === null ? false : @file_get_contents($folder . '/' . self::FILE);
            $facts = $text === false ? null : json_decode(substr($text, strlen(Spool::GUARD)), true);
            $this->facts = is_array($facts) ? $facts : [];
        }

        return $this->facts;
    }

    private function write(array $facts)
    {
        $this->facts = $facts;
        $folder = $this->spool->folder();
        if ($folder === null) {
            return;
        }
        // Whole or not at all: others read it at the same time.
        $draft = $folder . '/' . self::FILE . '.' . bin2hex(random_bytes(4));
        $before = umask(0077);
        $isWritten = @file_put_contents($draft, Spool::GUARD . json_encode($facts, ItemBuilder::JSON)) !== false;
        umask($before);
        if (!$isWritten || !@rename($draft, $folder . '/' . self::FILE)) {
            @unlink($draft);
        }
    }
}
