<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail\Admin;

use WHMCS\Module\Addon\Sealtrail\Bridge;
use WHMCS\Module\Addon\Sealtrail\GrowthWarning;
use WHMCS\Module\Addon\Sealtrail\Words;

/** What stands on WHMCS's own admin pages: the banner, the panel of a client, the figures of the widget, the links. */
final class Panels
{
    const CLIENT_ENTRIES = 50;
    // The banner is asked for at most once a minute, whatever pages are opened.
    const BANNER_SECONDS = 60;
    const STALE_SECONDS = 900;

    private $bridge;
    private $summaries;
    private $breaker;
    private $viewer;
    private $words;

    public function __construct(Bridge $bridge, Viewer $viewer)
    {
        $this->bridge = $bridge;
        $this->viewer = $viewer;
        $this->words = Words::inLanguage($viewer->language());
        $this->breaker = new Breaker($bridge->connection());
        $this->summaries = new Summaries($bridge->settings(), new Channel($bridge->settings()), $this->breaker);
    }

    /** Nothing while all is well. */
    public function banner(): string
    {
        $texts = $this->warnings();
        if ($texts === []) {
            return '';
        }
        $list = '';
        foreach ($texts as $text) {
            $list .= '<li>' . Html::escape($text) . '</li>';
        }

        return Html::style() . '<div class="alert alert-danger sealtrail-banner" role="alert"><strong>'
            . Html::escape($this->words->text('banner_title')) . '</strong><ul>' . $list . '</ul>'
            . Html::link($this->address('/verify'), $this->words->text('banner_open'), 'alert-link') . ' · '
            . Html::link(self::moduleLink() . '&tab=bridge', $this->words->text('banner_bridge'), 'alert-link') . '</div>';
    }

    public function client(int $clientId): string
    {
        $all = Html::link($this->address('/entries?client=' . $clientId), $this->words->text('client_all'));
        $found = $this->find(['of' => 'client', 'id' => (string) $clientId, 'limit' => self::CLIENT_ENTRIES]);
        $entries = is_array($found['entries'] ?? null) ? $found['entries'] : null;
        if ($entries === null) {
            $content = '<p>' . $all . '</p>';
        } elseif ($entries === []) {
            $content = '<p class="sealtrail-quiet">' . Html::escape($this->words->text('client_none')) . '</p>';
        } else {
            $content = $this->entries($entries) . '<p>' . $all . '</p>';
        }

        return Html::style() . '<div class="panel panel-default sealtrail"><div class="panel-heading"><h3 class="panel-title">'
            . Html::escape($this->words->text('client_title')) . '</h3></div><div class="panel-body">' . $content . '</div></div>';
    }

    /** @return array|null the figures for the dashboard */
    public function dashboard(): ?array
    {
        return $this->find(['of' => 'dashboard']);
    }

    public function dashboardHtml(?array $found): string
    {
        $open = Html::link($this->address('/'), $this->words->text('widget_open'));
        if (!isset($found['total'], $found['critical'], $found['today'], $found['chain']['status']) || !is_array($found['today'])) {
            return Html::style() . '<div class="widget-content-padded sealtrail"><p>' . $open . '</p></div>';
        }
        $today = array_filter(array_map('intval', $found['today']));
        arsort($today);
        $facts = $this->fact('widget_total', (int) $found['total'], '/entries')
            . $this->fact('widget_today', (int) array_sum($today), '/entries?after=' . gmdate('Y-m-d'))
            . $this->fact('widget_critical', (int) $found['critical'], '/entries?severity=critical&range=all');
        $rows = '';
        foreach ($today as $category => $count) {
            $name = $this->words->text('category_' . $category);
            $rows .= '<tr><td>' . Html::link($this->address('/entries?category=' . rawurlencode((string) $category) . '&after=' . gmdate('Y-m-d')), $name)
                . '</td><td class="text-right">' . number_format($count) . '</td></tr>';
        }
        $silent = empty($found['bridge']['silent']) ? '' : '<p class="sealtrail-unknown">▲ ' . Html::escape($this->words->text('banner_silent')) . '</p>';

        return Html::style() . '<div class="widget-content-padded sealtrail"><ul class="sealtrail-facts">' . $facts . '</ul>'
            . '<p>' . $this->chain((array) $found['chain']) . '</p>' . $silent
            . ($rows === '' ? '' : '<table class="table table-condensed"><caption>' . Html::escape($this->words->text('widget_by_category'))
                . '</caption><tbody>' . $rows . '</tbody></table>')
            . '<p>' . $open . '</p></div>';
    }

    public function widgetTitle(): string
    {
        return $this->words->text('widget_title');
    }

    /** A button to every entry about one thing. */
    public function link(string $type, int $id): string
    {
        return Html::link($this->address('/entries?target=' . $type . ':' . $id), $this->words->text('trail_link'), 'btn btn-default btn-sm sealtrail-link');
    }

    /** @return array<string, string> a row for a tab of fields */
    public function field(string $type, int $id): array
    {
        return [$this->words->text('trail_label') => $this->link($type, $id)];
    }

    public function clientLink(int $clientId): string
    {
        return Html::link($this->address('/entries?client=' . $clientId), $this->words->text('client_title'));
    }

    private function find(array $question): ?array
    {
        return $this->summaries->find($question, $this->viewer->block($this->bridge->state()));
    }

    /** @return string[] */
    private function warnings(): array
    {
        $facts = $this->bannerFacts();
        $texts = [];
        if (($facts['chain']['status'] ?? '') === 'broken') {
            $texts[] = $this->words->text('banner_broken');
        }
        if (!empty($facts['bridge_silent'])) {
            $texts[] = $this->words->text('banner_silent');
        }
        if ((int) ($facts['gaps'] ?? 0) > 0) {
            $texts[] = $this->words->fill('banner_gaps', ['count' => (int) $facts['gaps']]);
        }
        if ((int) ($facts['outbox_seconds'] ?? 0) >= GrowthWarning::OLD_SECONDS) {
            $texts[] = $this->words->fill('banner_outbox', ['hours' => intdiv((int) $facts['outbox_seconds'], 3600)]);
        } elseif ((int) ($facts['outbox_items'] ?? 0) >= GrowthWarning::MANY_ITEMS) {
            $texts[] = $this->words->fill('banner_many', ['count' => number_format((int) $facts['outbox_items'])]);
        }
        if (!empty($facts['paused'])) {
            $texts[] = $this->words->text('banner_paused');
        }

        return $texts;
    }

    private function bannerFacts(): array
    {
        $known = $this->breaker->remembered();
        if ($known !== null && $known['age_seconds'] < self::BANNER_SECONDS) {
            return $known['facts'];
        }
        $facts = $this->outboxFacts();
        $found = $this->find(['of' => 'banner']);
        if ($found === null) {
            // What was known a while ago says more than silence, but not for ever.
            return $facts + ($known !== null && $known['age_seconds'] < self::STALE_SECONDS ? $known['facts'] : []);
        }
        $facts += array_intersect_key($found, ['chain' => 0, 'bridge_silent' => 0, 'gaps' => 0]);
        $this->breaker->remember($facts);

        return $facts;
    }

    /** Numbers and one row: counting a long outbox would take longer than a page may. */
    private function outboxFacts(): array
    {
        $outbox = $this->bridge->outbox();
        $oldest = $outbox->oldestWaiting();

        return [
            'outbox_seconds' => $outbox->oldestAgeSeconds(),
            'outbox_items' => $oldest === null ? 0 : $outbox->nextSeq() - $oldest['seq'],
            'paused' => $this->bridge->state()->isPaused(),
        ];
    }

    private function entries(array $entries): string
    {
        $html = '';
        foreach ($entries as $entry) {
            if (!is_array($entry) || !is_scalar($entry['seq'] ?? null)) {
                continue;
            }
            $severity = (string) ($entry['severity'] ?? '');
            $shape = Html::SEVERITY_SHAPES[$severity] ?? '?';
            $mark = isset(Html::SEVERITY_SHAPES[$severity]) ? $severity : 'info';
            $html .= '<tr><td class="sealtrail-time"><time datetime="' . self::text($entry, 'occurred_at') . '">' . self::text($entry, 'occurred_text')
                . '</time></td><td><span class="sealtrail-mark sealtrail-mark-' . $mark . '">' . $shape . ' ' . self::text($entry, 'severity_text')
                . '</span></td><td>' . self::text($entry, 'category_text') . '</td><td>'
                . (($entry['status'] ?? 'valid') === 'broken' ? '<span class="sealtrail-broken">✕ ' . Html::escape($this->words->text('entry_broken')) . '</span> ' : '')
                . '<a href="' . Html::escape($this->address('/entries/' . (int) $entry['seq'])) . '"><bdi>' . self::text($entry, 'sentence') . '</bdi></a></td></tr>';
        }
        $head = '';
        foreach (['column_when', 'column_severity', 'column_category', 'column_what'] as $word) {
            $head .= '<th scope="col">' . Html::escape($this->words->text($word)) . '</th>';
        }

        return '<div class="sealtrail-scroll"><table class="table table-condensed table-striped sealtrail-table"><thead><tr>'
            . $head . '</tr></thead><tbody>' . $html . '</tbody></table></div>';
    }

    private function chain(array $chain): string
    {
        $marks = ['intact' => ['✓', 'intact'], 'broken' => ['✕', 'broken'], 'cannot_tell' => ['?', 'unknown'], 'never_verified' => ['–', 'unknown']];
        $status = isset($marks[$chain['status'] ?? '']) ? $chain['status'] : 'cannot_tell';
        $at = strtotime((string) ($chain['at'] ?? ''));

        return '<a class="sealtrail-' . $marks[$status][1] . '" href="' . Html::escape($this->address('/verify')) . '">' . $marks[$status][0] . ' '
            . Html::escape($this->words->text('chain_' . $status)) . '</a>'
            . ($at === false ? '' : ' <span class="sealtrail-quiet">' . Html::escape(date('Y-m-d H:i', $at) . ' ' . date_default_timezone_get()) . '</span>');
    }

    private function fact(string $word, int $count, string $place): string
    {
        return '<li><a href="' . Html::escape($this->address($place)) . '"><strong>' . number_format($count) . '</strong>'
            . Html::escape($this->words->text($word)) . '</a></li>';
    }

    private static function text(array $entry, string $name): string
    {
        return Html::escape(is_scalar($entry[$name] ?? null) ? (string) $entry[$name] : '');
    }

    private function address(string $target): string
    {
        return Address::of($target)->under(self::moduleLink(), Address::FRAMED);
    }

    /** From the folder of the admin area: some of WHMCS's own addresses look as if they lay deeper. */
    private static function moduleLink(): string
    {
        $folder = rtrim(str_replace('\\', '/', dirname((string) ($_SERVER['SCRIPT_NAME'] ?? ''))), '/');

        return ($folder === '.' ? '' : $folder . '/') . 'addonmodules.php?module=sealtrail';
    }
}
