<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/**
 * Takes away what the module left in the billing system, by the operator's command line alone. Events that were not delivered are
 * never dropped unsaid: their number has to be named, and it has to be right.
 */
final class Uninstall
{
    private $bridge;
    private $words;

    public function __construct(Bridge $bridge, Words $words)
    {
        $this->bridge = $bridge;
        $this->words = $words;
    }

    /**
     * @param string[] $options --remove, --discard=N
     * @return array{0: int, 1: string[]} exit code and lines
     */
    public function run(array $options, bool $isActive): array
    {
        $discard = null;
        foreach ($options as $option) {
            if (preg_match('/^--discard=(\d+)$/D', $option, $found) === 1) {
                $discard = (int) $found[1];
            } elseif ($option !== '--remove') {
                return [2, [$this->words->fill('uninstall_unknown', ['option' => $option])]];
            }
        }
        $left = new Leftovers($this->bridge);
        if (!in_array('--remove', $options, true)) {
            return [0, $left->sentences($this->words)];
        }
        if ($isActive) {
            return [2, [$this->words->text('uninstall_active')]];
        }
        // What is still in files counts one by one only in the table.
        $this->bridge->moveToOutbox();
        $undelivered = $left->undelivered();
        if ($undelivered > 0 && $discard !== $undelivered) {
            return [2, [$this->words->fill('uninstall_undelivered', ['count' => $undelivered])]];
        }

        return [0, $this->remove($left)];
    }

    /** @return string[] */
    private function remove(Leftovers $left): array
    {
        $lines = [];
        $file = $this->bridge->settings()->secretFile();
        $folder = $this->bridge->spool()->folder();
        foreach ($left->tables() as $table => $rows) {
            $this->bridge->connection()->run('DROP TABLE ' . $table);
            $lines[] = $this->words->fill('uninstall_dropped', ['table' => $table, 'rows' => $rows]);
        }
        if ($file !== null) {
            $lines[] = $this->words->fill(@unlink($file) ? 'uninstall_removed' : 'uninstall_stays', ['file' => $file]);
        }
        if ($folder !== null && is_dir($folder)) {
            // Only an empty one: what is in it was not moved, and is somebody's event.
            $lines[] = $this->words->fill(@rmdir($folder) ? 'uninstall_removed' : 'uninstall_stays', ['file' => $folder]);
        }
        $lines[] = $this->words->text('uninstall_last');

        return $lines;
    }
}
