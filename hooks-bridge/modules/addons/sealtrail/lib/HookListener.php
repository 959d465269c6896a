<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/**
 * What WHMCS calls. Whatever happens in here, billing goes on: nothing is returned, printed or thrown, no warning reaches
 * the page, and the network is not touched except at the end of a cron run.
 */
final class HookListener
{
    private $table;
    private $recorder;
    private $nameservers;
    private $watch;
    private $fromCron;
    private $moveToOutbox;
    private $isListening = false;

    /**
     * @param callable $fromCron     called with true after the daily run, with false at the end of every cron run
     * @param callable $moveToOutbox called when a long request has collected enough
     */
    public function __construct(
        HookTable $table,
        Recorder $recorder,
        NameserverMemory $nameservers,
        Watch $watch,
        callable $fromCron,
        callable $moveToOutbox
    ) {
        $this->table = $table;
        $this->recorder = $recorder;
        $this->nameservers = $nameservers;
        $this->watch = $watch;
        $this->fromCron = $fromCron;
        $this->moveToOutbox = $moveToOutbox;
    }

    public function callbackFor(string $hook): \Closure
    {
        // Variadic: some hook points hand over objects instead of one array.
        return function (...$args) use ($hook) {
            $this->hear($hook, $args);
        };
    }

    private function hear(string $hook, array $args)
    {
        // WHMCS writes database errors to its activity log; an entry about our own trouble must not come back to us.
        if ($this->isListening && $hook === 'LogActivity') {
            return;
        }
        $wasListening = $this->isListening;
        $this->isListening = true;
        set_error_handler(static function (): bool {
            return true;
        });
        $limit = Headroom::take();
        try {
            $this->handle($hook, $this->table->row($hook), $args);
        } catch (\Throwable $e) {
            error_log('sealtrail: ' . $hook . ': ' . get_class($e) . ' at ' . basename($e->getFile()) . ':' . $e->getLine());
        } finally {
            Headroom::drop($limit);
            restore_error_handler();
            $this->isListening = $wasListening;
        }
    }

    private function handle(string $hook, array $row, array $args)
    {
        $named = self::named($row['args'], $args);
        switch ($row['role']) {
            case 'nameservers':
                $this->nameservers->remember($named);

                return;
            case 'scheduler':
                ($this->fromCron)(false);

                return;
            case 'daily':
                $this->recorder->hook($hook, $row, $named, null);
                ($this->fromCron)(true);

                return;
            default:
                $this->record($hook, $row, $named);
                if ($this->recorder->isDue()) {
                    ($this->moveToOutbox)();
                }
        }
    }

    private function record(string $hook, array $row, array $named)
    {
        if ($hook === 'LogActivity') {
            $this->watch->heardText($named['description'] ?? '');
            $this->recorder->activity($row, $named);

            return;
        }
        list($before, $news) = $this->watch->around($hook, $named);
        if ($row['before'] === 'olddata') {
            $before = isset($named['olddata']) && is_array($named['olddata']) ? $named['olddata'] : $before;
            unset($named['olddata']);
        } elseif ($row['before'] === 'nameservers') {
            $before = $this->nameservers->find($named);
        }
        $this->recorder->hook($hook, $row, $named + $news, $before);
    }

    /** @param string[]|null $names of positional arguments; null where the hook hands over one array */
    private static function named(?array $names, array $args): array
    {
        $named = [];
        foreach (array_values($args) as $place => $arg) {
            if ($names === null && $place === 0 && is_array($arg)) {
                $named = $arg;
            } elseif ($arg !== null) {
                $named[$names[$place] ?? 'argument' . $place] = $arg;
            }
        }

        return $named;
    }
}
