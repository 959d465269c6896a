<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/**
 * Memory of our own. A page that has nearly used up its limit would fall over our few hundred kilobytes instead of finishing
 * with what it has left; so the limit is raised while we work, and is afterwards what it was.
 */
final class Headroom
{
    const BYTES = 16777216;

    /** @return string|null the limit to give back to drop(); null where there was room */
    public static function take(int $bytes = self::BYTES): ?string
    {
        $limit = (string) ini_get('memory_limit');
        $limitBytes = self::bytes($limit);
        $used = memory_get_usage(true);
        if ($limitBytes <= 0 || $limitBytes - $used >= $bytes) {
            return null;
        }

        return ini_set('memory_limit', (string) ($used + $bytes)) === false ? null : $limit;
    }

    public static function drop(?string $limit)
    {
        if ($limit === null) {
            return;
        }
        if (function_exists('gc_mem_caches')) {
            gc_mem_caches();
        }
        // Refused while more than that is still held; the limit then stays where it is.
        @ini_set('memory_limit', $limit);
    }

    private static function bytes(string $limit): int
    {
        $units = ['k' => 1024, 'm' => 1048576, 'g' => 1073741824];

        return (int) $limit * ($units[strtolower(substr($limit, -1))] ?? 1);
    }
}
