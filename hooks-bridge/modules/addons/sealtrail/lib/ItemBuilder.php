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
            $params = $this->clean($row, $args, $maxBytes);

            return $this->item('hook', $hook, [
                'hook' => $hook,
                'params' => (object) $params,
                'before' => $before === null ? null : (object) $this->clean($row, $before, $maxBytes),
            ], $hook, $params);
        });
    }

    public function activity(array $row, array $args): Item
    {
        return $this->fitting(function (int $maxBytes) use ($row, $args): Item {
            $params = $this->clean($row, $args, $maxBytes);
            $text = $params['description'] ?? '';
            unset($params['description']);

            return $this->item('activity', 'LogActivity', [
                'hook' => 'LogActivity',
                'text' => is_scalar($text) ? (string) $text : '',
                'params' => (object) $params,
                'before' => null,
            ], 'LogActivity', $params);
        });
    }

    /** @param array|null $before clean values, null for a row that is new; $after null for one that is gone */
    public function tableChange(string $table, string $key, ?array $before, ?array $after): Item
    {
        return $this->fitting(function (int $maxBytes) use ($table, $key, $before, $after): Item {
            return $this->item('table_change', $table . ' ' . $key, [
                'table' => $table,
                'key' => FreeText::clean($key, 190),
                'before' => $before === null ? null : (object) $this->clean(HookTable::PLAIN_ROW, $before, $maxBytes),
                'after' => $after === null ? null : (object) $this->clean(HookTable::PLAIN_ROW, $after, $maxBytes),
            ], '', []);
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
        ], $hook, []);
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

    private function clean(array $row, array $values, int $maxBytes): array
    {
        return (new Redactor($row['redact'], $row['minimise'], $maxBytes))->clean($values);
    }

    private function item(string $kind, string $subject, array $fields, string $hook, array $params): Item
    {
        $now = microtime(true);
        $id = UuidV7::make($now);
        $text = json_encode(
            ['id' => $id, 'kind' => $kind] + $fields + ['occurred_at' => Instant::format($now)] + $this->context($hook, $params),
            self::JSON
        );
        if ($text === false) {
            throw new \RuntimeException('cannot write JSON: ' . json_last_error_msg());
        }

        return new Item($id, $subject, $text);
    }

    private function context(string $hook, array $params): array
    {
        list($salt, $step) = $this->install();

        return [
            'actor' => $this->actors->actor($hook, $params, $salt),
            'request' => $this->request->block($this->sessionHash($salt)),
            'installation' => $this->installation->block($step),
        ];
    }

    // Without a salt no session hash: the plain hash of a session id could be tried out.
    private function sessionHash(string $salt): string
    {
        $session = session_id();

        return $salt === '' || !is_string($session) || $session === '' ? '' : hash_hmac('sha256', $session, $salt);
    }

    /** While the database is away an event is still written, with a session nobody can link. */
    private function install(): array
    {
        try {
            return [$this->state->salt(), $this->state->sequenceStep()];
        } catch (\Throwable $e) {
            return ['', 1];
        }
    }
}
