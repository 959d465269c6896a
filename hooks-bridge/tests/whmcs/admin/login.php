<?php

declare(strict_types=1);

require __DIR__ . '/page.php';

showPage('Log in', (isset($_GET['incorrect']) ? '<p role="alert">Login details incorrect</p>' : '')
    . str_replace('<form method="post">', '<form method="post" action="/admin/dologin.php">', showForm(['username' => '', 'password' => ''], 'Log in', ['password'])));
