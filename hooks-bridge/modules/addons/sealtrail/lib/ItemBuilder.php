<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/** Writes the JSON text of one item: what was seen, who did it, from where, on which installation. */
final class ItemBuilder
{
    const MAX_ITEM_BYTES = 245760;
    const JSON = JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_INVALID_UTF8_SUBSTITUTE;

    private $request;
    private $actors;
    private $installation;
    private $state;
    private $contextOf = '';
    private $context = '';
    private $redactors = [];

    public function __construct(RequestFacts $request, ActorResolver $actors, Installation $installation, State $state)
    {
        $this->request = $request;
        $this->actors = $actors;
        $this->installation = $installation;
        $this->state = $state;
    }

    /** @param array|null $before raw old values, cleaned with the same rules */
    public function hook(string $hook, array $row, array $args, ?array $before): Item
    {
        return $this->fitting(function (int $maxBytes) use ($hook, $row, $args, $before): Item {
            $params = $this->clean($hook, $row, $args, $maxBytes);

            return $this->item('hook', $hook, [
                'hook' => $hook,
                'params' => (object) $params,
                'before' => $before === null ? null : (object) $this->clean($hook, $row, $before, $maxBytes),
            ], $this->context($hook, $params));
        });
    }

    public function activity(array $row, array $args): Item
    {
        return $this->fitting(function (int $maxBytes) use ($row, $args): Item {
            $params = $this->clean('LogActivity', $row, $args, $maxBytes);
            $text = $params['description'] ?? '';
            unset($params['description']);

            return $this->item('activity', 'LogActivity', [
                'hook' => 'LogActivity',
                'text' => is_scalar($text) ? (string) $text : '',
                'params' => (object) $params,
                'before' => null,
            ], $this->context('LogActivity', $params));
        });
    }

    /**
     * What the bridge itself has to say.
     *
     * @param array $mark   ["watch" => action] for something concluded from the request, ["own" => action] about the bridge
     * @param array $params plain facts
     */
    public function finding(array $mark, string $text, array $params): Item
    {
        $params = $this->clean('', HookTable::PLAIN_ROW, $params, 20000);

        return $this->item('activity', (string) current($mark), $mark + [
            'text' => FreeText::clean($text, 1000),
            'params' => (object) $params,
            'before' => null,
        ], $this->context('', $params));
    }

    /** @param array|null $before clean values, null for a row that is new; $after null for one that is gone */
    public function tableChange(string $table, string $key, ?array $before, ?array $after, bool $isUnexplained = false): Item
    {
        return $this->fitting(function (int $maxBytes) use ($table, $key, $before, $after, $isUnexplained): Item {
            return $this->item('table_change', $table . ' ' . $key, [
                'table' => $table,
                'key' => FreeText::clean($key, 190),
                'before' => $before === null ? null : (object) $this->clean('', HookTable::PLAIN_ROW, $before, $maxBytes),
                'after' => $after === null ? null : (object) $this->clean('', HookTable::PLAIN_ROW, $after, $maxBytes),
            ] + ($isUnexplained ? ['unexplained' => true] : []), $isUnexplained ? $this->nobody() : $this->context('', []));
        });
    }

    /** What remains of a hook call that our own code stumbled over: that it happened, and where we fell. */
    public function unreadable(string $hook, \Throwable $e): Item
    {
        return $this->item('hook', $hook, [
            'hook' => $hook,
            'params' => new \stdClass(),
            'before' => null,
            'capture_error' => get_class($e) . ' at ' . basename($e->getFile()) . ':' . $e->getLine(),
        ], $this->context($hook, []));
    }

    // Control characters grow sixfold in JSON, so a text within its budget can still be too long: try again with less.
    private function fitting(callable $build): Item
    {
        foreach ([100000, 30000, 8000] as $maxBytes) {
            $item = $build($maxBytes);
            if (strlen($item->text()) <= self::MAX_ITEM_BYTES) {
                return $item;
            }
        }

        return $build(0);
    }

    private function clean(string $hook, array $row, array $values, int $maxBytes): array
    {
        if (!isset($this->redactors[$hook])) {
            $this->redactors[$hook] = new Redactor($row['redact'], $row['minimise']);
        }

        return $this->redactors[$hook]->clean($values, $maxBytes);
    }

    private function item(string $kind, string $subject, array $fields, string $context): Item
    {
        $now = microtime(true);
        $id = UuidV7::make($now);
        $text = json_encode(['id' => $id, 'kind' => $kind] + $fields + ['occurred_at' => Instant::format($now)], self::JSON);
        if ($text === false) {
            throw new \RuntimeException('cannot write JSON: ' . json_last_error_msg());
        }

        return new Item($id, $subject, substr($text, 0, -1) . $context);
    }

    // Made once for all hooks of a request, except where the hook itself has a say in who acts or signs somebody in or out.
    private function context(string $hook, array $params): string
    {
        $session = session_id();
        $of = ($_SESSION['adminid'] ?? '') . '|' . ($_SESSION['uid'] ?? '') . '|' . $session;
        if (!$this->actors->dependsOn($hook) && $this->contextOf === $of) {
            return $this->context;
        }
        $salt = $this->salt();
        $context = $this->contextText($this->actors->actor($hook, $params, $salt), $this->request->block($this->sessionHash($salt)));
        $this->contextOf = $this->actors->dependsOn($hook) ? '' : $of;
        $this->context = $context;

        return $context;
    }

    private function nobody(): string
    {
        return $this->contextText(ActorResolver::unknown(), ['via' => RequestFacts::VIA_CRON]);
    }

    private function contextText(array $actor, array $request): string
    {
        $text = json_encode([
            'actor' => $actor,
            'request' => $request,
            'installation' => $this->installation->block($this->node()),
        ], self::JSON);
        if ($text === false) {
            throw new \RuntimeException('cannot write JSON: ' . json_last_error_msg());
        }

        return ',' . substr($text, 1);
    }

    // Without a salt no session hash: the plain hash of a session id could be tried out.
    private function sessionHash(string $salt): string
    {
        $session = session_id();

        return $salt === '' || !is_string($session) || $session === '' ? '' : hash_hmac('sha256', $session, $salt);
    }

    private function node(): ?string
    {
        $salt = $this->salt();

        return $salt === '' ? null : Installation::node($salt);
    }

    /** While the database is away an event is still written, with a session nobody can link. */
    private function salt(): string
    {
        try {
            return $this->state->salt();
        } catch (\Throwable $e) {
            return '';
        }
    }
}
