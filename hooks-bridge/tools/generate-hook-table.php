<?php

declare(strict_types=1);

/*
 * Writes lib/hook-table.php from server/core/catalogue/hooks.json.
 *
 *   php hooks-bridge/tools/generate-hook-table.php            writes the file
 *   php hooks-bridge/tools/generate-hook-table.php --print    prints it instead
 */

const CATALOGUE = __DIR__ . '/../../server/core/catalogue/hooks.json';
const TARGET = __DIR__ . '/../modules/addons/sealtrail/lib/hook-table.php';

const PRIORITY_BEFORE_OTHERS = 1;
const PRIORITY_AFTER_OTHERS = 999;

// Hook points without use "audit" that the bridge works with: the end of each cron run (deliver), the end of the daily run
// (one record a day, then deliver), and the one place where WHMCS shows the old nameservers.
const HELPERS = [
    'AfterCronJob' => ['role' => 'scheduler'],
    'DailyCronJob' => ['role' => 'daily'],
    'AfterRegistrarGetNameservers' => ['role' => 'nameservers'],
];

function hookTable(array $catalogue): array
{
    $table = [];
    foreach ($catalogue['hooks'] as $hook) {
        if ($hook['use'] === 'audit') {
            $table[$hook['hook']] = auditRow($hook);
        }
    }
    foreach (HELPERS as $name => $row) {
        $table[$name] = $row + ['priority' => PRIORITY_AFTER_OTHERS, 'args' => null, 'redact' => [], 'minimise' => [], 'before' => null];
    }
    ksort($table, SORT_STRING);

    return $table;
}

function auditRow(array $hook): array
{
    return [
        'role' => 'audit',
        'priority' => strpos($hook['hook'], 'Pre') === 0 ? PRIORITY_BEFORE_OTHERS : PRIORITY_AFTER_OTHERS,
        'args' => positionalNames($hook['args']),
        'redact' => $hook['redact'] ?? [],
        'minimise' => $hook['minimise'] ?? [],
        'before' => beforeSource($hook),
    ];
}

/** "positional: task, completed" names the arguments; everything else is one array. */
function positionalNames(string $args): ?array
{
    return strpos($args, 'positional: ') === 0 ? explode(', ', substr($args, strlen('positional: '))) : null;
}

function beforeSource(array $hook): ?string
{
    if ($hook['hook'] === 'AfterRegistrarSaveNameservers') {
        return 'nameservers';
    }

    return in_array('olddata', $hook['params'], true) ? 'olddata' : null;
}

function literal($value): string
{
    if ($value === null) {
        return 'null';
    }
    if (is_array($value)) {
        return '[' . implode(', ', array_map('literal', $value)) . ']';
    }

    return var_export($value, true);
}

function render(array $table): string
{
    $out = "<?php\n\ndeclare(strict_types=1);\n\n"
        . "// Made by hooks-bridge/tools/generate-hook-table.php from server/core/catalogue/hooks.json; do not edit by hand.\n"
        . "return [\n";
    foreach ($table as $hook => $row) {
        $cells = [];
        foreach (['role', 'priority', 'args', 'redact', 'minimise', 'before'] as $column) {
            $cells[] = "'" . $column . "' => " . literal($row[$column]);
        }
        $out .= '    ' . literal($hook) . ' => [' . implode(', ', $cells) . "],\n";
    }

    return $out . "];\n";
}

$catalogue = json_decode((string) file_get_contents(CATALOGUE), true);
if (!is_array($catalogue) || empty($catalogue['hooks'])) {
    fwrite(STDERR, "cannot read " . CATALOGUE . ": run `npm run catalogue` first\n");
    exit(2);
}
$text = render(hookTable($catalogue));
if (in_array('--print', $argv, true)) {
    echo $text;
    exit(0);
}
file_put_contents(TARGET, $text);
