<?php

declare(strict_types=1);

require __DIR__ . '/page.php';

requireAdmin();
showPage('Dashboard', '<p>Signed in.</p>');
