<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/** The addon page: how the bridge stands, and the few things a person can do about it. */
final class AdminPage
{
    const ACTIONS = ['test', 'deliver', 'retry'];
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

    public function render(string $method, array $post): string
    {
        $notice = '';
        $action = $post['sealtrail_action'] ?? null;
        if ($method === 'POST' && in_array($action, self::ACTIONS, true)) {
            $notice = $this->isTokenValid() ? $this->act($action) : $this->notice('danger', $this->words->text('token_refused'));
        }

        return '<div class="sealtrail">' . $notice . $this->standing() . $this->buttons() . $this->parked() . '</div>';
    }

    // WHMCS either answers false or ends the request by itself; both keep the action from running.
    private function isTokenValid(): bool
    {
        return !function_exists('check_token') || check_token('WHMCS.admin.default') !== false;
    }

    private function act(string $action): string
    {
        try {
            switch ($action) {
                case 'test':
                    return $this->test();
                case 'deliver':
                    $outcome = $this->bridge->deliverer()->deliver(Limits::button(), true);
                    $isFine = $outcome === Deliverer::EMPTIED || $outcome === Deliverer::OUT_OF_TIME;

                    return $this->notice($isFine ? 'success' : 'warning', $this->words->text('outcome_' . $outcome));
                default:
                    $count = $this->bridge->outbox()->unparkAll();

                    return $this->notice('info', $this->words->text('unparked') . ' ' . $count);
            }
        } catch (\Throwable $e) {
            return $this->notice('danger', $this->words->text('action_failed') . ' ' . get_class($e));
        }
    }

    private function test(): string
    {
        $settings = $this->bridge->settings();
        if (!$settings->isPaired()) {
            return $this->notice('warning', $this->words->text('outcome_not_paired'));
        }
        $limits = Limits::button();
        $startedAt = microtime(true);
        $answer = (new Sender($settings))->send([], $limits->connectMs(), $limits->postMs());
        $tookMs = (int) round((microtime(true) - $startedAt) * 1000);
        $isFine = $answer->accountsFor([]);

        return $this->notice(
            $isFine ? 'success' : 'danger',
            $this->words->text($isFine ? 'test_passed' : 'test_failed') . ' HTTP ' . $answer->status() . ', ' . $tookMs . ' ms',
            $answer->detail()
        );
    }

    private function standing(): string
    {
        $rows = $this->pairingRows();
        try {
            $rows = array_merge($rows, $this->deliveryRows());
        } catch (\Throwable $e) {
            $rows[] = [$this->words->text('waiting'), $this->words->text('database_away')];
        }
        $html = '';
        foreach ($rows as $row) {
            $html .= '<tr><th scope="row">' . self::escape($row[0]) . '</th><td>' . self::escape($row[1]) . '</td></tr>';
        }

        return '<h2>' . self::escape($this->words->text('standing')) . '</h2><table class="table table-striped">' . $html . '</table>';
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
        ];
    }

    private function buttons(): string
    {
        $url = $this->bridge->settings()->sidecarUrl();
        $open = $url === '' ? '' : '<a class="btn btn-default" target="_blank" rel="noopener noreferrer" href="' . self::escape($url)
            . '">' . self::escape($this->words->text('open')) . '</a>';

        return '<form method="post" action="' . self::escape($this->link) . '">' . $this->tokenField()
            . $this->button('test', 'btn-primary') . $this->button('deliver', 'btn-default') . $open . '</form>';
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
            $head .= '<th scope="col">' . self::escape($this->words->text($word)) . '</th>';
        }
        $body = '';
        foreach ($rows as $row) {
            $body .= '<tr>';
            foreach (array_keys($columns) as $column) {
                $body .= '<td>' . self::escape((string) $row[$column]) . '</td>';
            }
            $body .= '</tr>';
        }

        return '<h2>' . self::escape($this->words->text('parked')) . '</h2><p>' . self::escape($this->words->text('parked_help'))
            . '</p><table class="table"><thead><tr>' . $head . '</tr></thead><tbody>' . $body . '</tbody></table>'
            . '<form method="post" action="' . self::escape($this->link) . '">' . $this->tokenField()
            . $this->button('retry', 'btn-default') . '</form>';
    }

    private function button(string $action, string $class): string
    {
        return '<button type="submit" name="sealtrail_action" value="' . $action . '" class="btn ' . $class . '">'
            . self::escape($this->words->text('button_' . $action)) . '</button> ';
    }

    private function tokenField(): string
    {
        $token = function_exists('generate_token') ? (string) generate_token('plain') : '';

        return '<input type="hidden" name="token" value="' . self::escape($token) . '">';
    }

    private function notice(string $level, string $text, string $detail = ''): string
    {
        return '<div class="alert alert-' . $level . '" role="status">' . self::escape($text)
            . ($detail === '' ? '' : '<br><code>' . self::escape($detail) . '</code>') . '</div>';
    }

    private static function escape(string $text): string
    {
        return htmlspecialchars($text, ENT_QUOTES | ENT_SUBSTITUTE, 'UTF-8');
    }
}
