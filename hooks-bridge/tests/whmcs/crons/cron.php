<?php

declare(strict_types=1);

// php -q crons/cron.php [--daily]
require_once __DIR__ . '/../init.php';

if (in_array('--daily', $argv ?? [], true)) {
    run_hook('PreCronJob', []);
    run_hook('DailyCronJobPreEmail', []);
    run_hook('DailyCronJob', []);
}
run_hook('AfterCronJob', []);
