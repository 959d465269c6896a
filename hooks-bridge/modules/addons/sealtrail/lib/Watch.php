<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/**
 * Everything that is seen by comparing rows: what this request changed without a hook, old values for hooks that have none,
 * and what somebody changed without us. On a request that cannot change anything it does nothing, not even connect.
 */
final class Watch
{
    const RECONCILED_AT = 'reconciled_at';
    const RECONCILE_AFTER_SECONDS = 90000;
    // Hooks that tell of a row of a small table, so that its difference is not told again.
    const COVERED = ['ProductEdit' => ['tblproducts', 'pid'], 'ProductDelete' => ['tblproducts', 'pid']];

    // What of these an item names must not be older than their last change.
    const NAMED_IN_ITEMS = ['tbladmins', 'tbladminroles', 'tblconfiguration'];

    private $connection;
    private $schema;
    private $state;
    private $request;
    private $recorder;
    private $shapes;
    private $reader;
    private $things;
    private $rows;
    private $touched;
    private $people;
    private $facts;
    private $covered = [];
    private $hooks = [];
    private $texts = '';
    private $tableWatch;
    private $rowWatch;
    private $creditWatch;

    public function __construct(
        Connection $connection,
        Schema $schema,
        State $state,
        RequestFacts $request,
        Recorder $recorder,
        People $people,
        FactsCache $facts
    ) {
        $this->connection = $connection;
        $this->schema = $schema;
        $this->state = $state;
        $this->request = $request;
        $this->recorder = $recorder;
        $this->people = $people;
        $this->facts = $facts;
        $this->shapes = new TableShapes($connection, $state);
        $this->things = new KnownThings($connection, $state);
        $this->rows = new KnownRows($connection, $state, $this->shapes);
        $this->touched = new Touched();
    }

    public function begin()
    {
        $call = $_POST['action'] ?? $_GET['action'] ?? '';
        $reach = $this->request->reach(is_string($call) ? $call : '');
        if ($reach === RequestFacts::REACH_NOTHING) {
            return;
        }
        $this->guarded(function () use ($reach) {
            $sums = $this->prepare();
            if ($this->state->isPaused()) {
                // What happens meanwhile is unexplained afterwards, and told then.
                $this->reader = null;

                return;
            }
            if ($reach === RequestFacts::REACH_ALL) {
                $this->tableWatch = new TableWatch($this->reader, $this->things, WatchedTables::SMALL);
                $this->withShapes(function () use ($sums) {
                    $this->tableWatch->begin(KnownThings::sums($sums));
                });
            }
        });
        if ($this->reader === null) {
            return;
        }
        $this->guarded(function () {
            $named = NamedIds::of($this->request->script(), $_GET, $_POST, $_SESSION ?? []);
            if ($named !== []) {
                $this->rowWatch = new RowWatch($this->reader);
                $this->withShapes(function () use ($named) {
                    $this->rowWatch->begin($named);
                });
            }
        });
        $this->guarded(function () {
            if ($this->shapes->columns('tblcredit', WatchedTables::LARGE['tblcredit']) !== []) {
                $this->creditWatch = new CreditWatch($this->connection, $this->reader, $this->rows);
                $this->creditWatch->begin();
            }
        });
    }

    public function isOpen(): bool
    {
        return $this->reader !== null;
    }

    /**
     * @return array{0: ?array, 1: array} old values for a hook that has none, and what it does not say about the new ones
     */
    public function around(string $hook, array $params): array
    {
        $this->hooks[$hook] = true;
        $this->touched->byHook($hook, $params);
        if ($this->reader === null) {
            return [null, []];
        }
        $found = [null, []];
        $this->guarded(function () use ($hook, $params, &$found) {
            if (isset(self::COVERED[$hook])) {
                $found = $this->aroundProduct($hook, $params);
            } elseif ($this->rowWatch !== null && $hook === 'UserChangePassword') {
                $found = [null, $this->rowWatch->hadResetToken((string) ($params['userid'] ?? '')) ? ['reset_token_was_open' => true] : []];
            } elseif ($hook === 'AfterProductUpgrade') {
                $found = [null, $this->upgradeFacts($params)];
            } elseif ($this->rowWatch !== null) {
                $found = $this->rowWatch->around($hook, $params);
            }
        });

        return $found;
    }

    /** @param mixed $text of an activity log entry */
    public function heardText($text)
    {
        if (is_string($text) && strlen($this->texts) < 10000) {
            $this->texts .= substr($text, 0, 1000) . "\n";
        }
    }

    /** What the request's address and answer tell, once, at its end. */
    public function conclude()
    {
        $this->guarded(function () {
            $watch = new RequestWatch($this->request, $_GET, $_POST);
            $isAdmin = !empty($_SESSION['adminid'])
                || (($this->request->isAdminArea() || $this->request->via() === RequestFacts::VIA_API) && $this->people->isAdminSignedIn());
            foreach ($watch->findings($this->hooks, $this->texts, http_response_code(), $isAdmin, $_SESSION ?? []) as list($action, $text, $facts)) {
                $this->recorder->finding(['watch' => $action], $text, $facts);
            }
        });
    }

    /** What has changed since begin() is recorded now, by this request's actor. */
    public function end()
    {
        $noise = $this->request->via() === RequestFacts::VIA_CRON ? new CronNoise($this->state, date('Y-m-d')) : null;
        $report = function (string $table, string $key, ?array $before, ?array $after) use ($noise) {
            $this->touched->row($table, $key);
            if (in_array($table, self::NAMED_IN_ITEMS, true)) {
                $this->facts->forget();
            }
            if ($table === 'tblcredit' && isset($after['clientid'])) {
                $this->touched->row('tblclients', (string) $after['clientid']);
            }
            if (!isset($this->covered[$table][$key]) && !self::isExpiredBan($table, $before, $after)
                && !($noise !== null && $table === 'tblconfiguration' && $noise->isEnough($key))
            ) {
                $this->recorder->tableChange($table, $key, $before, $after);
            }
        };
        foreach ([$this->tableWatch, $this->rowWatch, $this->creditWatch] as $part) {
            if ($part !== null) {
                $this->guarded(static function () use ($part, $report) {
                    $part->end($report);
                });
            }
        }
        $this->tableWatch = $this->rowWatch = $this->creditWatch = null;
        $this->guarded(function () {
            $this->touched->takeOver($this->rows, $this->connection);
        });
    }

    /** From the cron, at the end of each run: the small tables, and once a day all of them. */
    public function reconcile(bool $isDaily)
    {
        $this->end();
        $this->guarded(function () use ($isDaily) {
            $sums = $this->prepare();
            if ($this->state->isPaused()) {
                return;
            }
            $last = (int) $this->state->find(self::RECONCILED_AT);
            if ($isDaily || time() - $last > self::RECONCILE_AFTER_SECONDS) {
                $this->reconcileAll(Reconciler::SETTLE_MS);
            } else {
                $this->withShapes(function () use ($sums) {
                    $this->reconciler(Reconciler::SETTLE_MS)->small([$this, 'reportUnexplained'], $sums);
                });
            }
        });
        $this->begin();
    }

    /** Takes over what there is when the module is activated; the large tables are learnt by the first daily run. */
    public function learn()
    {
        $this->guarded(function () {
            $sums = $this->prepare();
            $this->shapes->refresh();
            $this->reconciler(0)->small(null, $sums);
        });
    }

    /** All of it, now. */
    public function reconcileAll(int $settleMs)
    {
        $sums = $this->prepare();
        $this->reconciler($settleMs)->run([$this, 'reportUnexplained'], $sums);
        $this->guarded(function () {
            (new ActivityLogWatch($this->connection, $this->state))->check(function (array $facts) {
                $this->recorder->finding(['watch' => 'activity_log.purged'], 'Recent rows of the activity log are gone.', $facts);
            });
        });
        $this->state->put(self::RECONCILED_AT, (string) time());
    }

    public function reportUnexplained(string $table, string $key, ?array $before, ?array $after)
    {
        if (self::isExpiredBan($table, $before, $after)) {
            return;
        }
        if ($table === 'tblconfiguration' && $key === 'Version') {
            // WHMCS upgrades itself from a script that loads no hooks.
            $this->recorder->tableChange($table, $key, $before, $after);

            return;
        }
        $this->recorder->unexplainedChange($table, $key, $before, $after);
    }

    // WHMCS removes a ban when its time is over.
    private static function isExpiredBan(string $table, ?array $before, ?array $after): bool
    {
        return $table === 'tblbannedips' && $after === null && is_string($before['expires'] ?? null)
            && $before['expires'] <= date('Y-m-d H:i:s');
    }

    private function reconciler(int $settleMs): Reconciler
    {
        return new Reconciler($this->reader, $this->things, $this->rows, $this->shapes, $settleMs);
    }

    // One look at our own table for all that is kept there. @return the known sums
    private function prepare(): ?string
    {
        $kept = $this->schema->ensured(function (): array {
            return $this->state->several([TableShapes::STATE_NAME, KnownThings::SUMS]);
        });
        $this->shapes->use($kept[TableShapes::STATE_NAME] ?? null);
        $this->reader = $this->reader ?? new TableReader($this->connection, $this->shapes, $this->state->salt());

        return $kept[KnownThings::SUMS] ?? null;
    }

    // A table or column that has gone since the shapes were kept: look again, once.
    private function withShapes(callable $work)
    {
        try {
            $work();
        } catch (\PDOException $e) {
            if (!in_array((string) $e->getCode(), ['42S02', '42S22'], true)) {
                throw $e;
            }
            $this->shapes->refresh();
            $work();
        }
    }

    private function aroundProduct(string $hook, array $params): array
    {
        list($table, $param) = self::COVERED[$hook];
        $key = is_scalar($params[$param] ?? null) ? (string) $params[$param] : '';
        $this->covered[$table][$key] = true;
        $known = $this->things->find($table, $key);
        if ($known === null) {
            $isNew = $hook === 'ProductEdit' && $this->things->of($table) !== [];

            return [null, $isNew ? ['pid_is_new' => true] : []];
        }
        $shown = TableReader::difference($known, null, WatchedTables::filled(WatchedTables::SMALL)[$table])[0];

        return [$hook === 'ProductEdit' ? self::comparable($shown, $params) : $shown, []];
    }

    // Only what both sides name, and no long text of which just a fingerprint is known.
    private static function comparable(array $known, array $params): array
    {
        $before = [];
        foreach (array_intersect_key($known, $params) as $column => $value) {
            $now = $params[$column];
            if ((is_scalar($now) || $now === null) && strncmp((string) $value, '[text ', 6) !== 0) {
                $before[$column] = is_bool($now) ? (bool) $value : $value;
            }
        }

        return $before;
    }

    private function upgradeFacts(array $params): array
    {
        $id = $params['upgradeid'] ?? null;
        $change = is_scalar($id) ? $this->connection->run('SELECT recurringchange FROM tblupgrades WHERE id = ?', [(int) $id])->fetchColumn() : false;

        return is_numeric($change) && (float) $change < 0 ? ['recurring_price_lower' => true] : [];
    }

    private function guarded(callable $work)
    {
        try {
            $work();
        } catch (\Throwable $e) {
            error_log('sealtrail: comparing rows: ' . get_class($e) . ' at ' . basename($e->getFile()) . ':' . $e->getLine());
        }
    }
}
