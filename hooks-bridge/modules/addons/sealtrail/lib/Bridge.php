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

    public function __construct(Connection $connection, Settings $settings, Spool $spool)
    {
        $this->connection = $connection;
        $this->settings = $settings;
        $this->spool = $spool;
        $this->schema = new Schema($connection);
        $this->state = new State($connection, $this->schema);
        $this->outbox = new Outbox($connection, $this->schema);
        $this->deliveryState = new DeliveryState($connection);
        $this->request = RequestFacts::ofBilling();
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
        $listener = new HookListener($table, $this->recorder(), new NameserverMemory(), function () {
            $this->deliver(Limits::cron());
        });
        foreach ($table->rows() as $hook => $row) {
            add_hook($hook, $row['priority'], $listener->callbackFor($hook));
        }
        if ($this->request->canChangeSettings()) {
            $this->watch = new TableWatch($this->connection);
            $this->watch->begin();
        }
        register_shutdown_function(function () {
            $this->atRequestEnd();
        });
    }

    public function recorder(): Recorder
    {
        if ($this->recorder === null) {
            $this->recorder = new Recorder(
                new ItemBuilder(
                    $this->request,
                    new ActorResolver($this->request, new People($this->connection)),
                    new Installation($this->connection),
                    $this->state
                ),
                $this->outbox,
                $this->spool
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
            new SpoolImport($this->connection, $this->outbox, $this->spool, $this->state),
            new Sender($this->settings),
            $this->schema
        );
    }

    public function schema(): Schema
    {
        return $this->schema;
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

    private function atRequestEnd()
    {
        try {
            if ($this->watch !== null) {
                $this->watch->end([$this->recorder(), 'tableChange']);
            }
            if ($this->recorder()->hasRecorded() && ResponseEnd::canPrecede()) {
                // Registered now, so that it runs after every shutdown function that WHMCS has registered.
                register_shutdown_function(function () {
                    ResponseEnd::close();
                    $this->deliver(Limits::afterRequest());
                });
            }
        } catch (\Throwable $e) {
            error_log('sealtrail: end of request: ' . get_class($e) . ' at ' . basename($e->getFile()) . ':' . $e->getLine());
        }
    }
}
