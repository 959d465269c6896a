<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/** The nameservers the registrar last reported in this request: WHMCS itself keeps no old list. */
final class NameserverMemory
{
    private $byDomain = [];

    public function remember(array $args)
    {
        $names = $this->nameservers($args['results'] ?? null);
        if ($names !== []) {
            $this->byDomain[$this->domain($args)] = $names;
        }
    }

    public function find(array $args): ?array
    {
        return $this->byDomain[$this->domain($args)] ?? null;
    }

    private function nameservers($results): array
    {
        $names = [];
        for ($n = 1; is_array($results) && $n <= 5; $n++) {
            if (isset($results['ns' . $n]) && is_string($results['ns' . $n])) {
                $names['ns' . $n] = $results['ns' . $n];
            }
        }

        return $names;
    }

    private function domain(array $args): string
    {
        $params = isset($args['params']) && is_array($args['params']) ? $args['params'] : [];
        $id = $params['domainid'] ?? null;

        return is_scalar($id) ? (string) $id : '';
    }
}
