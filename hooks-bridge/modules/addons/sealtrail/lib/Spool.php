<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/**
 * Where an item goes while the outbox table cannot be written: an append-only file, one item a line, moved into the outbox
 * by the next delivery. The first line ends PHP, so that a copy inside the web root gives nothing away.
 */
final class Spool
{
    const FILE = 'outbox.php';
    const MAX_ATTEMPTS = 1000;
    const GUARD = "<?php exit; ?>\n";

    private $folders;

    /** @param string[] $folders candidates, best first */
    public function __construct(array $folders)
    {
        $this->folders = $folders;
    }

    /** The folder that the operator names, else: above the WHMCS root if we may write there, the system's, the module's. */
    public static function ofBilling(string $root): self
    {
        $chosen = getenv('SEALTRAIL_SPOOL_DIR');
        if (is_string($chosen) && $chosen !== '') {
            return new self([$chosen]);
        }
        // Two installations side by side must not read each other's files.
        $name = 'sealtrail-spool-' . substr(hash('sha256', $root), 0, 16);

        return new self([dirname($root) . '/' . $name, sys_get_temp_dir() . '/' . $name, dirname(__DIR__) . '/spool']);
    }

    public function append(Item $item)
    {
        foreach ($this->folders as $folder) {
            if ($this->isOurs($folder, true) && $this->appendLine($folder . '/' . self::FILE, $item->text() . "\n")) {
                return;
            }
        }
        throw new \RuntimeException('no spool folder can be written');
    }

    /** @return string[] files that nobody appends to any more, oldest first */
    public function takeFiles(): array
    {
        $taken = [];
        foreach ($this->folders as $folder) {
            if (!$this->isOurs($folder, false)) {
                continue;
            }
            $this->setAside($folder);
            $taken = array_merge($taken, glob($folder . '/taken-*.php') ?: []);
        }

        return $taken;
    }

    /** @return iterable<string> one line an item */
    public function lines(string $file)
    {
        $handle = fopen($file, 'rb');
        if ($handle === false) {
            throw new \RuntimeException('cannot read ' . $file);
        }
        try {
            while (($line = fgets($handle)) !== false) {
                $line = rtrim($line, "\n");
                if ($line !== '' && $line !== rtrim(self::GUARD)) {
                    yield $line;
                }
            }
        } finally {
            fclose($handle);
        }
    }

    private function setAside(string $folder)
    {
        $file = $folder . '/' . self::FILE;
        $handle = is_file($file) ? @fopen($file, 'rb') : false;
        if ($handle === false) {
            return;
        }
        if (flock($handle, LOCK_EX) && self::isSameFile($handle, $file)) {
            rename($file, sprintf('%s/taken-%013d-%s.php', $folder, (int) (microtime(true) * 1000), bin2hex(random_bytes(4))));
        }
        fclose($handle);
    }

    private function appendLine(string $file, string $line): bool
    {
        for ($attempt = 0; $attempt < self::MAX_ATTEMPTS; $attempt++) {
            $handle = @fopen($file, 'ab');
            if ($handle === false) {
                return false;
            }
            $isLocked = flock($handle, LOCK_EX);
            // Between our open and our lock the file may have been taken for import.
            if ($isLocked && !self::isSameFile($handle, $file)) {
                fclose($handle);
                continue;
            }
            $isWritten = $isLocked && $this->write($handle, $line);
            fclose($handle);

            return $isWritten;
        }

        return false;
    }

    private function write($handle, string $line): bool
    {
        $size = fstat($handle)['size'];
        $bytes = ($size === 0 ? self::GUARD : '') . $line;
        if (fwrite($handle, $bytes) !== strlen($bytes) || !fflush($handle)) {
            ftruncate($handle, $size);

            return false;
        }

        return !function_exists('fsync') || fsync($handle);
    }

    private static function isSameFile($handle, string $file): bool
    {
        clearstatcache(true, $file);
        $now = @stat($file);

        return $now !== false && $now['ino'] === fstat($handle)['ino'];
    }

    // A folder that is a link, or that others may write to, could send our lines somewhere else.
    private function isOurs(string $folder, bool $mayMake): bool
    {
        if (!is_dir($folder) && !($mayMake && @mkdir($folder, 0700))) {
            return false;
        }

        return !is_link($folder) && is_writable($folder) && (fileperms($folder) & 0022) === 0;
    }
}
