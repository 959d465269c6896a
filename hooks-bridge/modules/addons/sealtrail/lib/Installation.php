<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/** What the sidecar should know about the system an event comes from. */
final class Installation
{
    const BRIDGE_VERSION = '1.0.0';

    private $connection;
    private $facts;
    private $version;

    public function __construct(Connection $connection, ?FactsCache $facts = null)
    {
        $this->connection = $connection;
        $this->facts = $facts;
    }

    /** Names the sequence that this outbox counts in, and gives the salt away no more than any hash of it does. */
    public static function node(string $salt): string
    {
        return substr(hash('sha256', 'node:' . $salt), 0, 12);
    }

    public function block(?string $node): array
    {
        return [
            'whmcs' => $this->billingVersion(),
            'bridge' => self::BRIDGE_VERSION,
            'php' => PHP_VERSION,
            'time_zone' => date_default_timezone_get(),
            'seq_step' => 1,
            'node' => $node,
        ];
    }

    private function billingVersion(): ?string
    {
        if ($this->version === null) {
            $this->version = $this->readVersion();
        }

        return $this->version === '' ? null : $this->version;
    }

    private function readVersion(): string
    {
        $loaded = $GLOBALS['CONFIG']['Version'] ?? null;
        if (is_string($loaded) && $loaded !== '') {
            return FreeText::clean($loaded, 64);
        }
        $kept = $this->facts === null ? null : $this->facts->find('billing');
        if (is_string($kept['version'] ?? null)) {
            return $kept['version'];
        }
        try {
            $version = $this->connection->run("SELECT value FROM tblconfiguration WHERE setting = 'Version'")->fetchColumn();

            $version = FreeText::clean((string) $version, 64);
            if ($version !== '' && $this->facts !== null) {
                $this->facts->put('billing', ['version' => $version]);
            }

            return $version;
        } catch (\Throwable $e) {
            return '';
        }
    }
}
