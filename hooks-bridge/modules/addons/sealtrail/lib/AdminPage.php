<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

use WHMCS\Module\Addon\Sealtrail\Admin\Address;
use WHMCS\Module\Addon\Sealtrail\Admin\Channel;
use WHMCS\Module\Addon\Sealtrail\Admin\Html;
use WHMCS\Module\Addon\Sealtrail\Admin\PageProxy;
use WHMCS\Module\Addon\Sealtrail\Admin\Viewer;

/**
 * The addon page. With `st` it is a page of the sidecar by itself, as the frame and the full window show it; with `at` or
 * nothing that page in a frame; with `tab=bridge` how the bridge stands and what a person can do about it.
 */
final class AdminPage
{
    const ACTIONS = ['test', 'deliver', 'retry', 'pair', 'pause', 'resume', 'reconcile'];
    const TAB_LOG = 'log';
    const TAB_BRIDGE = 'bridge';
    const PARKED_SHOWN = 50;

    private $bridge;
    private $words;
    private $link;

    public function __construct(Bridge $bridge, Words $words, string $moduleLink)
    {
        $this->bridge = $bridge;
        $this->words = $words;
        $this->link = $moduleLink;
    }

    /** @return string|null what WHMCS puts into its page; null where everything is printed already */
    public function respond(string $method, string $queryString, array $post): ?string
    {
        $raw = Address::find($queryString, Address::RAW);
        if ($raw !== null) {
            $this->serve($method, $raw);

            return null;
        }
        $asksForBridge = preg_match('/(?:^|&)tab=' . self::TAB_BRIDGE . '(?:&|$)/', $queryString) === 1;
        if ($asksForBridge || $method === 'POST' || !$this->bridge->settings()->isPaired()) {
            return $this->withTabs(self::TAB_BRIDGE, $this->render($method, $post), null);
        }
        $place = Address::find($queryString, Address::FRAMED) ?? Address::of('/');

        return $this->withTabs(self::TAB_LOG, $this->frame($place), $place);
    }

    private function serve(string $method, Address $address)
    {
        $proxy = new PageProxy(new Channel($this->bridge->settings()), $this->words, $this->link);
        if ($method === 'POST' && !$this->isTokenValid()) {
            $proxy->refuse();

            return;
        }
        $viewer = Viewer::find($this->bridge->connection());
        if ($viewer === null || !$this->bridge->settings()->isPaired()) {
            $viewer === null ? $proxy->refuse() : $proxy->notPaired();

            return;
        }
        $form = $method === 'POST' ? (string) file_get_contents('php://input') : '';
        $block = $viewer->block($this->bridge->state(), $this->words->text('language')) + ['token' => $this->token()];
        $proxy->serve($method, $address, $form, $block);
    }

    private function frame(Address $place): string
    {
        return '<iframe class="sealtrail-frame" data-sealtrail-frame title="Sealtrail" src="'
            . Html::escape($place->under($this->link, Address::RAW)) . '"></iframe>';
    }

    private function withTabs(string $current, string $content, ?Address $place): string
    {
        $tabs = '';
        foreach ([self::TAB_LOG => $this->link, self::TAB_BRIDGE => $this->link . '&tab=' . self::TAB_BRIDGE] as $tab => $href) {
            $tabs .= '<li role="presentation"' . ($tab === $current ? ' class="active"' : '') . '>'
                . Html::link($href, $this->words->text('tab_' . $tab)) . '</li>';
        }
        $full = $place === null ? '' : '<a class="btn btn-default" target="_blank" rel="noopener" data-sealtrail-full href="'
            . Html::escape($place->under($this->link, Address::RAW)) . '">' . Html::escape($this->words->text('open_full')) . '</a>';

        return '<div class="sealtrail">' . Html::style() . '<div class="sealtrail-bar"><ul class="nav nav-tabs" role="navigation">' . $tabs . '</ul>' . $full
            . '</div>' . $content . '</div>';
    }

    public function render(string $method, array $post): string
    {
        $notice = '';
        $action = $post['sealtrail_action'] ?? null;
        if ($method === 'POST' && in_array($action, self::ACTIONS, true)) {
            $notice = $this->isTokenValid() ? $this->act($action, $post) : Html::notice('danger', $this->words->text('token_refused'));
        }

        return $notice . $this->pairing() . $this->standing() . $this->buttons() . $this->parked() . $this->pause();
    }

    // WHMCS either answers false or ends the request by itself; both keep the action from running.
    private function isTokenValid(): bool
    {
        return !function_exists('check_token') || check_token('WHMCS.admin.default') !== false;
    }

    private function act(string $action, array $post): string
    {
        try {
            switch ($action) {
                case 'test':
                    return $this->test();
                case 'pair':
                    return $this->pair(is_string($post['code'] ?? null) ? $post['code'] : '');
                case 'pause':
                case 'resume':
                    $this->bridge->{$action}();

                    return Html::notice($action === 'pause' ? 'warning' : 'success', $this->words->text('done_' . $action));
                case 'reconcile':
                    $this->bridge->reconcile();

                    return Html::notice('success', $this->words->text('done_reconcile'));
                case 'deliver':
                    $outcome = $this->bridge->deliverer()->deliver(Limits::button(), true);
                    $isFine = $outcome === Deliverer::EMPTIED || $outcome === Deliverer::OUT_OF_TIME;

                    return Html::notice($isFine ? 'success' : 'warning', $this->words->text('outcome_' . $outcome));
                default:
                    $count = $this->bridge->outbox()->unparkAll();

                    return Html::notice('info', $this->words->text('unparked') . ' ' . $count);
            }
        } catch (\Throwable $e) {
            return Html::notice('danger', $this->words->text('action_failed') . ' ' . get_class($e));
        }
    }

    private function pair(string $code): string
    {
        try {
            $this->bridge->settings()->pairWithCode($code);
        } catch (\InvalidArgumentException $e) {
            return Html::notice('danger', $this->words->text('pair_failed'), $e->getMessage());
        }

        return Html::notice('success', $this->words->text('pair_done')) . $this->test();
    }

    private function test(): string
    {
        $settings = $this->bridge->settings();
        if (!$settings->isPaired()) {
            return Html::notice('warning', $this->words->text('outcome_not_paired'));
        }
        $startedAt = microtime(true);
        $answer = $this->bridge->heartbeat()->send(Limits::button());
        $tookMs = (int) round((microtime(true) - $startedAt) * 1000);
        $told = $answer->values();
        if (in_array($answer->status(), [403, 404], true)) {
            return $this->testOlderSidecar($settings);
        }
        if (!$answer->isSuccess() || !is_string($told['ledger'] ?? null)) {
            return Html::notice(
                'danger',
                $this->words->text('test_failed') . ' HTTP ' . $answer->status() . ', ' . $tookMs . ' ms',
                $answer->detail()
            );
        }

        return Html::notice('success', $this->words->text('test_passed')) . $this->table([
            [$this->words->text('test_took'), $tookMs . ' ms'],
            [$this->words->text('test_time'), self::told($told, 'time')],
            [$this->words->text('test_ledger'), self::told($told, 'ledger')],
            [$this->words->text('test_size'), self::told($told, 'size')],
            [$this->words->text('test_chain'), $this->chain(is_array($told['chain'] ?? null) ? $told['chain'] : [])],
        ]);
    }

    /** One that knows no heartbeat yet takes an empty delivery. */
    private function testOlderSidecar(Settings $settings): string
    {
        $limits = Limits::button();
        $startedAt = microtime(true);
        $answer = (new Sender($settings))->send([], $limits->connectMs(), $limits->postMs());
        $tookMs = (int) round((microtime(true) - $startedAt) * 1000);
        $isFine = $answer->accountsFor([]);

        return Html::notice(
            $isFine ? 'success' : 'danger',
            $this->words->text($isFine ? 'test_passed' : 'test_failed') . ' HTTP ' . $answer->status() . ', ' . $tookMs . ' ms',
            $answer->detail()
        );
    }

    private function chain(array $chain): string
    {
        $status = in_array($chain['status'] ?? null, ['intact', 'broken', 'never_verified'], true) ? $chain['status'] : 'cannot_tell';
        $at = self::told($chain, 'at');

        return $this->words->text('chain_' . $status) . ($at === '' ? '' : ' (' . $at . ')');
    }

    private static function told(array $values, string $name): string
    {
        return is_scalar($values[$name] ?? null) ? FreeText::clean((string) $values[$name], 100) : '';
    }

    private function pairing(): string
    {
        $isPaired = $this->bridge->settings()->isPaired();
        $form = '<form method="post" action="' . Html::escape($this->link . '&tab=' . self::TAB_BRIDGE) . '">' . $this->tokenField()
            . '<p><label for="sealtrail-code">' . Html::escape($this->words->text('pair_code')) . '</label><br>'
            . '<textarea class="form-control sealtrail-code" id="sealtrail-code" name="code" rows="3" spellcheck="false" autocomplete="off" required '
            . 'placeholder="stp1."></textarea></p>' . $this->button('pair', $isPaired ? 'btn-default' : 'btn-primary') . '</form>';
        if ($isPaired) {
            return '<details><summary>' . Html::escape($this->words->text('pair_again')) . '</summary><p>' . Html::escape($this->words->text('pair_help'))
                . '</p>' . $form . '</details>';
        }

        return '<h2>' . Html::escape($this->words->text('pair_title')) . '</h2><ol><li>' . Html::escape($this->words->text('pair_step_sidecar'))
            . '<br><code>npx sealtrail bridge add --name billing</code></li><li>' . Html::escape($this->words->text('pair_step_paste'))
            . '</li></ol>' . $form;
    }

    private function standing(): string
    {
        $rows = $this->pairingRows();
        try {
            $rows = array_merge($rows, $this->deliveryRows());
        } catch (\Throwable $e) {
            $rows[] = [$this->words->text('waiting'), $this->words->text('database_away')];
        }

        return '<h2>' . Html::escape($this->words->text('standing')) . '</h2>' . $this->table($rows);
    }

    private function table(array $rows): string
    {
        $html = '';
        foreach ($rows as $row) {
            $html .= '<tr><th scope="row">' . Html::escape($row[0]) . '</th><td>' . Html::escape($row[1]) . '</td></tr>';
        }

        return '<table class="table table-striped sealtrail-standing">' . $html . '</table>';
    }

    private function pairingRows(): array
    {
        $settings = $this->bridge->settings();
        $missing = Requirements::missing();

        return [
            [$this->words->text('pairing'), $this->words->text($settings->isPaired() ? 'paired' : 'not_paired')],
            [$this->words->text('sidecar_url'), $settings->sidecarUrl() ?: $this->words->text('missing_or_malformed')],
            [$this->words->text('bridge_id'), $settings->bridgeId() ?: $this->words->text('missing_or_malformed')],
            [
                $this->words->text('secret'),
                $this->words->text('secret_from_' . $settings->secretSource())
                    . ($settings->secret() === '' && $settings->secretSource() !== 'none'
                        ? ' (' . $this->words->text('missing_or_malformed') . ')'
                        : ''),
            ],
            [
                $this->words->text('requirements'),
                $missing === []
                    ? $this->words->text('all_present') . ' (' . implode(', ', Requirements::EXTENSIONS) . ')'
                    : $this->words->text('extensions_missing') . ' ' . implode(', ', $missing),
            ],
            [$this->words->text('timing'), $this->words->text(ResponseEnd::canPrecede() ? 'timing_request' : 'timing_cron')],
        ];
    }

    private function deliveryRows(): array
    {
        $depth = $this->bridge->outbox()->depth();
        $delivery = $this->bridge->deliveryState()->read();
        $error = $delivery['values']['last_error'];
        $beat = $this->bridge->heartbeat()->last();
        $never = $this->words->text('never');

        return [
            [$this->words->text('waiting'), (string) $depth['waiting']],
            [
                $this->words->text('oldest'),
                $depth['oldest_age_seconds'] === null ? '-' : $depth['oldest_age_seconds'] . ' s',
            ],
            [$this->words->text('last_success'), $delivery['values']['last_success_at'] ?? $never],
            [
                $this->words->text('last_error'),
                is_array($error) ? $error['at'] . ', HTTP ' . $error['status'] . ': ' . $error['detail'] : '-',
            ],
            [
                $this->words->text('pause'),
                $delivery['paused_seconds'] > 0 ? $delivery['paused_seconds'] . ' s' : $this->words->text('none'),
            ],
            [$this->words->text('parked'), (string) $depth['parked']],
            [
                $this->words->text('last_heartbeat'),
                $beat === null ? $never : self::told($beat, 'at') . ', ' . $this->chain(is_array($beat['chain'] ?? null) ? $beat['chain'] : []),
            ],
            [$this->words->text('checkpoints'), $this->checkpoints()],
        ];
    }

    /** What lies here of the sidecar's history, and whether it has offered one that contradicts it. */
    private function checkpoints(): string
    {
        $checkpoints = $this->bridge->checkpoints();
        $refused = $checkpoints->report()['refused'];
        if ($refused !== null) {
            return $this->words->fill('checkpoints_refused', ['reason' => (string) ($refused['reason'] ?? '')]);
        }
        $newest = $checkpoints->newest()[0] ?? null;

        return $newest === null
            ? $this->words->text('none')
            : $this->words->fill('checkpoints_held', ['size' => $newest['size'], 'at' => $newest['kept_at'] . ' UTC']);
    }

    private function buttons(): string
    {
        return '<form method="post" action="' . Html::escape($this->link . '&tab=' . self::TAB_BRIDGE) . '">' . $this->tokenField()
            . $this->button('test', 'btn-primary') . $this->button('deliver', 'btn-default') . $this->button('reconcile', 'btn-default')
            . '<p class="sealtrail-quiet">' . Html::escape($this->words->text('reconcile_help')) . '</p></form>';
    }

    /** Stopping the log is a thing of its own, and is itself in the log. */
    private function pause(): string
    {
        try {
            $isPaused = $this->bridge->state()->isPaused();
        } catch (\Throwable $e) {
            return '';
        }
        $form = '<p>' . Html::escape($this->words->text($isPaused ? 'paused_help' : 'pause_help')) . '</p><form method="post" action="'
            . Html::escape($this->link . '&tab=' . self::TAB_BRIDGE) . '">' . $this->tokenField()
            . $this->button($isPaused ? 'resume' : 'pause', $isPaused ? 'btn-primary' : 'btn-danger') . '</form>';

        return $isPaused
            ? '<div class="alert alert-warning">' . $form . '</div>'
            : '<details class="sealtrail-danger"><summary>' . Html::escape($this->words->text('pause_title')) . '</summary>' . $form . '</details>';
    }

    private function parked(): string
    {
        try {
            $rows = $this->bridge->outbox()->parked(self::PARKED_SHOWN);
        } catch (\Throwable $e) {
            return '';
        }
        if ($rows === []) {
            return '';
        }
        $columns = ['id' => 'parked_seq', 'event_id' => 'parked_event', 'subject' => 'parked_subject', 'parked_at' => 'parked_at', 'reason' => 'parked_reason'];
        $head = '';
        foreach ($columns as $word) {
            $head .= '<th scope="col">' . Html::escape($this->words->text($word)) . '</th>';
        }
        $body = '';
        foreach ($rows as $row) {
            $body .= '<tr>';
            foreach (array_keys($columns) as $column) {
                $body .= '<td>' . Html::escape((string) $row[$column]) . '</td>';
            }
            $body .= '</tr>';
        }

        return '<h2>' . Html::escape($this->words->text('parked')) . '</h2><p>' . Html::escape($this->words->text('parked_help'))
            . '</p><table class="table"><thead><tr>' . $head . '</tr></thead><tbody>' . $body . '</tbody></table>'
            . '<form method="post" action="' . Html::escape($this->link . '&tab=' . self::TAB_BRIDGE) . '">' . $this->tokenField()
            . $this->button('retry', 'btn-default') . '</form>';
    }

    private function button(string $action, string $class): string
    {
        return '<button type="submit" name="sealtrail_action" value="' . $action . '" class="btn ' . $class . '">'
            . Html::escape($this->words->text('button_' . $action)) . '</button> ';
    }

    private function tokenField(): string
    {
        return '<input type="hidden" name="token" value="' . Html::escape($this->token()) . '">';
    }

    private function token(): string
    {
        return function_exists('generate_token') ? (string) generate_token('plain') : '';
    }
}
