<?php

declare(strict_types=1);

// WHMCS loads lib/ by itself only around the module's own page; hooks run everywhere.
spl_autoload_register(static function (string $class): void {
    $prefix = 'WHMCS\\Module\\Addon\\Sealtrail\\';
    if (strncmp($class, $prefix, strlen($prefix)) !== 0) {
        return;
    }
    $file = __DIR__ . '/' . str_replace('\\', '/', substr($class, strlen($prefix))) . '.php';
    if (is_file($file)) {
        require_once $file;
    }
});
