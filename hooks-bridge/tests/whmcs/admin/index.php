<?php

declare(strict_types=1);

require __DIR__ . '/page.php';

use WHMCS\Module\AbstractWidget;

requireAdmin();
$widgets = array_filter(run_hook('AdminHomeWidgets', []), static function ($widget): bool {
    return $widget instanceof AbstractWidget;
});
usort($widgets, static function (AbstractWidget $a, AbstractWidget $b): int {
    return $a->getWeight() <=> $b->getWeight();
});
$html = '';
foreach ($widgets as $widget) {
    $html .= '<section class="panel panel-default widget-' . escape(strtolower(basename(str_replace('\\', '/', $widget->getId())))) . '"><div class="panel-heading"><h3 class="panel-title">'
        . escape($widget->getTitle()) . '</h3></div>' . $widget->render() . '</section>';
}
showPage('Dashboard', '<p>Signed in.</p><div class="home-widgets">' . $html . '</div>');
