<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/**
 * Where an item is written down first: an append-only file of this request, one item a line, moved into the outbox table at
 * the request's end. Once append() has returned, the item outlives PHP however it ends; a file whose request is gone (its lock
 * says so) is moved by the next one. The first line ends PHP, so that a copy inside the web root gives nothing away.
 */
final class Spool
{
    const GUARD = "<?php exit; ?>\n";
    const MAX_ATTEMPTS = 20;
    // A file of another machine on a shared disk: its lock may not be visible here.
    const FOREIGN_AFTER_SECONDS = 3600;

    private $folders;
    private $host;
    private $folder;
    private $file;
    private $handle;
    private $size = 0;

    /** @param string[] $folders candidates, best first */
    public function __construct(array $folders)
    {
        $this->folders = $folders;
        $this->host = substr(hash('sha256', (string) gethostname()), 0, 8);
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
        if ($this->handle === null) {
            $this->open();
        }
        $bytes = $item->text() . "\n";
        if (@fwrite($this->handle, $bytes) !== strlen($bytes)) {
            @ftruncate($this->handle, $this->size);
            throw new \RuntimeException('the spool file cannot be written');
        }
        $this->size += strlen($bytes);
    }

    /** Bytes of items that are in this request's file. */
    public function size(): int
    {
        return $this->handle === null ? 0 : $this->size - strlen(self::GUARD);
    }

    /**
     * Hands over each file that is this request's or nobody's, oldest first, and removes it when $move has returned.
     *
     * @param callable $move called with an iterable of the lines of one file
     */
    public function drain(callable $move)
    {
        foreach ($this->files() as $file) {
            $isMine = $file === $this->file;
            $handle = $isMine ? $this->handle : $this->take($file);
            if ($handle === null) {
                continue;
            }
            try {
                $move(self::lines($handle));
                if ($isMine) {
                    $this->size = strlen(self::GUARD);
                    ftruncate($handle, $this->size);
                } else {
                    @unlink($file);
                }
            } finally {
                if (!$isMine) {
                    fclose($handle);
                }
            }
        }
    }

    /** At the end of the request; a file that could not be moved stays for the next one. */
    public function close()
    {
        if ($this->handle === null) {
            return;
        }
        if ($this->size() === 0) {
            @unlink($this->file);
        }
        fclose($this->handle);
        $this->handle = $this->file = null;
    }

    /** @return int how many files wait that are nobody's any more */
    public function waitingFiles(): int
    {
        return count($this->files()) - ($this->handle === null ? 0 : 1);
    }

    /** @return int how many files hold items that were not moved, this request's own among them */
    public function unmovedFiles(): int
    {
        clearstatcache();

        return count(array_filter($this->files(), static function (string $file): bool {
            return (int) @filesize($file) > strlen(self::GUARD);
        }));
    }

    /** @return iterable<string> */
    private static function lines($handle)
    {
        rewind($handle);
        while (($line = fgets($handle)) !== false) {
            $line = rtrim($line, "\n");
            if ($line !== '' && $line !== rtrim(self::GUARD)) {
                yield $line;
            }
        }
    }

    /** @return string|null the first of the folders that is ours alone */
    public function folder(): ?string
    {
        if ($this->folder === null) {
            $ours = array_filter($this->folders, function (string $folder): bool {
                return $this->isOurs($folder);
            });
            $this->folder = (string) reset($ours);
        }

        return $this->folder === '' ? null : $this->folder;
    }

    private function open()
    {
        foreach ($this->folders as $folder) {
            for ($attempt = 0; $attempt < self::MAX_ATTEMPTS && $this->isOurs($folder); $attempt++) {
                $file = sprintf('%s/spool-%016d-%s-%s.php', $folder, (int) (microtime(true) * 1000000), $this->host, bin2hex(random_bytes(4)));
                // Append mode: whatever was read meanwhile, what is written goes to the end.
                $handle = @fopen($file, 'a+b');
                if ($handle === false) {
                    break;
                }
                // Between our open and our lock somebody may have taken it for a file that was left behind.
                if (@flock($handle, LOCK_EX | LOCK_NB) && self::isSameFile($handle, $file)) {
                    if (@fwrite($handle, self::GUARD) === strlen(self::GUARD)) {
                        $this->file = $file;
                        $this->handle = $handle;
                        $this->size = strlen(self::GUARD);

                        return;
                    }
                    @unlink($file);
                }
                fclose($handle);
            }
        }
        throw new \RuntimeException('no spool folder can be written');
    }

    /** @return string[] oldest first */
    private function files(): array
    {
        $files = [];
        foreach ($this->folders as $folder) {
            foreach (is_dir($folder) ? (array) @scandir($folder) : [] as $name) {
                if (strncmp((string) $name, 'spool-', 6) === 0) {
                    $files[$folder . '/' . $name] = $name;
                }
            }
        }
        asort($files, SORT_STRING);

        return array_keys($files);
    }

    /** @return resource|null */
    private function take(string $file)
    {
        $isForeign = strpos(basename($file), '-' . $this->host . '-') === false;
        if ($isForeign && time() - (int) @filemtime($file) < self::FOREIGN_AFTER_SECONDS) {
            return null;
        }
        $handle = @fopen($file, 'r+b');
        if ($handle === false) {
            return null;
        }
        if (@flock($handle, LOCK_EX | LOCK_NB) && self::isSameFile($handle, $file)) {
            return $handle;
        }
        fclose($handle);

        return null;
    }

    private static function isSameFile($handle, string $file): bool
    {
        clearstatcache(true, $file);
        $now = @stat($file);

        return $now !== false && $now['ino'] === fstat($handle)['ino'];
    }

    // A folder that is a link, or that others may write to, could send our lines somewhere else.
    private function isOurs(string $folder): bool
    {
        if (!@is_dir($folder) && !@mkdir($folder, 0700)) {
            return false;
        }

        return !is_link($folder) && is_writable($folder) && (fileperms($folder) & 0022) === 0;
    }
}
