<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/** Makes the parts of the bridge and joins them, each when it is first needed. */
final class Bridge
{
    private $connection;
    private $settings;
    private $spool;
    private $schema;
    private $state;
    private $outbox;
    private $deliveryState;
    private $recorder;
    private $request;
    private $watch;
    private $people;
    private $facts;

    public function __construct(Connection $connection, Settings $settings, Spool $spool)
    {
        $this->connection = $connection;
        $this->settings = $settings;
        $this->spool = $spool;
        $this->schema = new Schema($connection);
        $this->facts = new FactsCache($spool);
        $this->state = new State($connection, $this->schema, $this->facts);
        $this->outbox = new Outbox($connection, $this->schema);
        $this->deliveryState = new DeliveryState($connection);
        $this->request = RequestFacts::ofBilling();
        $this->people = new People($connection, $this->facts);
    }

    public static function ofBilling(): self
    {
        $root = defined('ROOTDIR') ? (string) ROOTDIR : dirname(__DIR__, 4);

        $connection = Connection::ofBilling();

        return new self($connection, Settings::ofBilling($root, $connection), Spool::ofBilling($root));
    }

    /** Once a request, from hooks.php. */
    public function listen()
    {
        $table = HookTable::load();
        $listener = new HookListener(
            $table,
            $this->recorder(),
            new NameserverMemory(),
            $this->watch(),
            function (bool $isDaily) {
                $this->fromCron($isDaily);
            },
            function () {
                $this->moveToOutbox();
            }
        );
        $this->watch()->begin();
        foreach ($table->rows() as $hook => $row) {
            add_hook($hook, $row['priority'], $listener->callbackFor($hook));
        }
        register_shutdown_function(function () {
            $this->atRequestEnd();
        });
    }

    public function watch(): Watch
    {
        if ($this->watch === null) {
            $this->watch = new Watch(
                $this->connection,
                $this->schema,
                $this->state,
                $this->request,
                $this->recorder(),
                $this->people,
                $this->facts
            );
        }

        return $this->watch;
    }

    /** Compares all watched tables with how they were last seen, now; what nothing explains is recorded. */
    public function reconcile()
    {
        $this->watch()->reconcileAll(0);
        $this->moveToOutbox();
    }

    public function recorder(): Recorder
    {
        if ($this->recorder === null) {
            $this->recorder = new Recorder(
                new ItemBuilder(
                    $this->request,
                    new ActorResolver($this->request, $this->people),
                    new Installation($this->connection, $this->facts),
                    $this->state
                ),
                $this->outbox,
                $this->spool,
                $this->state,
                // A worker on the command line may live for days and its next hook come tomorrow.
                $this->request->via() === RequestFacts::VIA_CLI ? 0 : Recorder::DUE_SECONDS
            );
        }

        return $this->recorder;
    }

    public function deliverer(): Deliverer
    {
        return new Deliverer(
            $this->settings,
            $this->outbox,
            $this->deliveryState,
            $this->import(),
            new Sender($this->settings),
            $this->schema
        );
    }

    public function schema(): Schema
    {
        return $this->schema;
    }

    public function spool(): Spool
    {
        return $this->spool;
    }

    public function settings(): Settings
    {
        return $this->settings;
    }

    public function outbox(): Outbox
    {
        return $this->outbox;
    }

    public function deliveryState(): DeliveryState
    {
        return $this->deliveryState;
    }

    public function connection(): Connection
    {
        return $this->connection;
    }

    public function state(): State
    {
        return $this->state;
    }

    public function growth(): GrowthWarning
    {
        return new GrowthWarning($this->outbox, $this->spool, $this->state);
    }

    public function checkpoints(): Checkpoints
    {
        return new Checkpoints($this->connection, $this->schema, $this->state);
    }

    public function heartbeat(): Heartbeat
    {
        $installation = new Installation($this->connection, $this->facts);

        return new Heartbeat($this->settings, $this->outbox, $this->spool, $this->state, $installation, new Sender($this->settings), $this->checkpoints());
    }

    /** From here on nothing is captured until resume(); both are recorded with who did it. */
    public function pause()
    {
        $this->recorder()->finding(['own' => 'audit.capture_paused'], 'The capture was paused.');
        $this->moveToOutbox();
        $this->state->pause(true);
    }

    public function resume()
    {
        $this->state->pause(false);
        $this->recorder()->finding(['own' => 'audit.capture_resumed'], 'The capture was resumed.');
        $this->moveToOutbox();
    }

    /** Delivers, and never lets it show. */
    public function deliver(Limits $limits)
    {
        set_error_handler(static function (): bool {
            return true;
        });
        try {
            $this->deliverer()->deliver($limits);
        } catch (\Throwable $e) {
            error_log('sealtrail: delivery failed: ' . get_class($e) . ' at ' . basename($e->getFile()) . ':' . $e->getLine());
        } finally {
            restore_error_handler();
        }
    }

    /** What was written down goes into the outbox table; where that fails it stays in its file for the next request. */
    public function moveToOutbox()
    {
        try {
            $this->import()->run();
            $this->recorder()->moved();
        } catch (\Throwable $e) {
            error_log('sealtrail: the outbox cannot be written, the spool keeps it: ' . get_class($e));
        }
    }

    private function import(): SpoolImport
    {
        return new SpoolImport($this->connection, $this->outbox, $this->spool, $this->state, $this->schema);
    }

    private function fromCron(bool $isDaily)
    {
        $this->watch()->reconcile($isDaily);
        $this->deliver(Limits::cron());
        if ($isDaily) {
            return;
        }
        foreach (['beat', 'tidy', 'warn'] as $step) {
            try {
                $this->$step();
            } catch (\Throwable $e) {
                error_log('sealtrail: ' . $step . ': ' . get_class($e) . ' at ' . basename($e->getFile()) . ':' . $e->getLine());
            }
        }
    }

    private function beat()
    {
        if ($this->settings->isPaired()) {
            $this->heartbeat()->send(Limits::cron());
        }
    }

    private function tidy()
    {
        $this->import()->tidy();
    }

    private function warn()
    {
        $this->growth()->warn();
    }

    private function atRequestEnd()
    {
        // Before the answer is closed, while its status and the session still stand.
        $this->watch()->conclude();
        if (!$this->watch()->isOpen() && !$this->recorder()->hasRecorded()) {
            return;
        }
        // Registered now, so that it runs after every shutdown function that WHMCS has registered.
        register_shutdown_function(function () {
            ResponseEnd::settle();
            $this->finish();
            if ($this->recorder()->hasRecorded() && ResponseEnd::canPrecede()) {
                $this->deliver(Limits::afterRequest());
            }
        });
    }

    private function finish()
    {
        set_error_handler(static function (): bool {
            return true;
        });
        try {
            $this->watch()->end();
            if ($this->recorder()->hasRecorded()) {
                $this->moveToOutbox();
            }
            $this->spool->close();
        } catch (\Throwable $e) {
            error_log('sealtrail: end of request: ' . get_class($e) . ' at ' . basename($e->getFile()) . ':' . $e->getLine());
        } finally {
            restore_error_handler();
        }
    }
}
