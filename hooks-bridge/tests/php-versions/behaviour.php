<?php

declare(strict_types=1);

/*
 * What the bridge does without a database, as one JSON document: run on every PHP that WHMCS supports, the answers must be the
 * same. SEALTRAIL_MODULE and SEALTRAIL_VECTORS name the folders.
 */

namespace WHMCS\Database {
    final class Capsule
    {
        public static function connection()
        {
            throw new \RuntimeException('no database here');
        }
    }
}

namespace WHMCS\Module {
    abstract class AbstractWidget
    {
    }
}

namespace {
    use WHMCS\Module\Addon\Sealtrail as S;

    define('WHMCS', true);
    error_reporting(-1);
    $trouble = [];
    set_error_handler(static function (int $type, string $text, string $file, int $line) use (&$trouble): bool {
        if (error_reporting() & $type) {
            $trouble[] = basename($file) . ':' . $line . ' ' . $text;
        }

        return true;
    });
    $module = getenv('SEALTRAIL_MODULE');
    require $module . '/lib/autoload.php';
    $answers = [];

    // Every class is compiled and linked.
    foreach (new RecursiveIteratorIterator(new RecursiveDirectoryIterator($module . '/lib', FilesystemIterator::SKIP_DOTS)) as $file) {
        $name = substr($file->getPathname(), strlen($module . '/lib/'), -4);
        if (preg_match('~^[A-Z]~', basename($name)) === 1) {
            $answers['classes'][$name] = class_exists('WHMCS\\Module\\Addon\\Sealtrail\\' . str_replace('/', '\\', $name));
        }
    }
    ksort($answers['classes']);

    require $module . '/sealtrail.php';
    foreach (['english', 'chinese', 'chinese-tw'] as $language) {
        require $module . '/lang/' . $language . '.php';
    }
    $answers['settings'] = array_keys(sealtrail_config()['fields']);

    foreach (glob(getenv('SEALTRAIL_VECTORS') . '/*.json') as $file) {
        $vector = json_decode((string) file_get_contents($file), true);
        $input = $vector['input'];
        $answers['signatures'][basename($file)] =
            (new S\Signature($input['secret']))->sign($input['id'], (int) $input['timestamp'], $input['body']) === $vector['result']['signature'];
    }

    $fields = ['userid' => 5, 'password' => 'x', 'note' => "pay 4111 1111 1111 1111 or DE02 1203 0000 0000 2020 51, token=abc pass=def",
        'amount' => 0.1 + 0.2, 'large' => 1.0e25, 'exact' => PHP_INT_MAX, 'nan' => NAN, 'bad' => "a\xffb", '四' => '𠀀😀', 'deep' => [[[[[[[[['x']]]]]]]]],
        'long' => str_repeat('丽', 9000), 'when' => new DateTime('2026-11-21 10:00:00', new DateTimeZone('Europe/Berlin')),
        'object' => (object) ['id' => 1, 'password' => 'x', 'status' => 'Active'], 'flag' => true, 'none' => null, 'pairs' => [['name' => 'ApiKey', 'value' => 'x']]];
    $answers['redacted'] = (new S\Redactor(['note2'], ['long']))->clean($fields);
    $answers['redacted small'] = (new S\Redactor([], []))->clean($fields, 300);
    $answers['instant'] = S\Instant::format(1795224123.4567);
    $answers['uuid'] = preg_match('/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/', S\UuidV7::make(microtime(true)));
    $answers['ids'] = S\NamedIds::of('invoices.php', ['id' => '7', 'rp' => '/admin/user/9/edit'], ['invoiceid' => ['8', 'x']], ['uid' => 5]);
    $answers['difference'] = S\TableReader::difference(
        ['id' => 1, 'a' => 'x', 'p' => "\x01fingerprint:1", 't' => "\x01text:abc"],
        ['id' => 1, 'a' => 'y', 'p' => "\x01fingerprint:2", 't' => "\x01text:def"],
        ['names' => ['id']] + S\WatchedTables::PLAIN
    );
    $facts = new S\RequestFacts(['REQUEST_METHOD' => 'POST', 'SCRIPT_NAME' => '/admin/systemcleanup.php', 'REMOTE_ADDR' => '203.0.113.7'], '');
    $answers['request'] = [$facts->reach(), $facts->via(), json_encode($facts->block('s'))];
    $answers['finding'] = (new S\RequestWatch($facts, [], ['action' => 'prune']))->findings([], '', 200, true, []);
    $answers['code'] = [];
    foreach (['', 'stp1.x', 'stp1.' . rtrim(strtr(base64_encode('{"u":"https://a.example","i":"b","s":"whsec_' . base64_encode(str_repeat('k', 32)) . '"}'), '+/', '-_'), '=')] as $code) {
        try {
            $answers['code'][] = S\PairingCode::parse($code)->url();
        } catch (InvalidArgumentException $e) {
            $answers['code'][] = $e->getMessage();
        }
    }

    // The admin page: addresses, answers that are believed, words.
    foreach (['st=%2Fentries%3Fq%3Da%2Bb&page=2', 'module=sealtrail&st=/entries?q=林 x&category=a&category=b', 'st=//evil.example/', 'st=', 'x=1'] as $query) {
        $address = S\Admin\Address::find($query, 'st');
        $answers['addresses'][] = $address === null ? null : $address->under('addonmodules.php?module=sealtrail', 'st');
    }
    $secret = 'whsec_' . base64_encode(str_repeat('k', 32));
    $mac = base64_encode(hash_hmac('sha256', 'answer', str_repeat('k', 32), true));
    foreach (['v1,' . $mac, 'v1,x v1,' . $mac, 'v1,x', '', $mac] as $signature) {
        $answers['believed'][] = (new S\Signature($secret))->isAnswer('answer', $signature);
    }
    $reply = new S\Admin\Reply();
    foreach (["HTTP/1.1 100 Continue\r\n", "x: 0\r\n", "HTTP/1.1 200 OK\r\n", "Content-Disposition: attachment; filename=a.csv\r\n", "\r\n"] as $line) {
        $reply->addHeaderLine($line);
    }
    $answers['reply'] = [$reply->status(), $reply->header('x'), $reply->isDownload(), $reply->isAuthentic()];
    foreach (['english', 'chinese', 'chinese-tw', '../x', ''] as $language) {
        $answers['words'][] = S\Words::inLanguage($language)->fill('banner_gaps', ['count' => 3]);
    }
    $answers['escaped'] = S\Admin\Html::link('a"b', "<b>\xff'</b>") . S\Admin\Html::style() . S\Admin\Html::style();
    $answers['pauses'] = array_map([S\Admin\Breaker::class, 'pauseSeconds'], [0, 1, 5, 6, 100]);

    // A whole request: hooks with hostile arguments while the database is away, written down in the spool file.
    $hooks = [];
    function add_hook($name, $priority, $callback)
    {
        $GLOBALS['hooks'][$name] = $callback;
    }
    $_SERVER = ['REQUEST_METHOD' => 'POST', 'SCRIPT_NAME' => '/admin/clientsprofile.php', 'REMOTE_ADDR' => '203.0.113.7'] + $_SERVER;
    $_SESSION = ['adminid' => 7];
    $folder = sys_get_temp_dir() . '/sealtrail-versions-' . bin2hex(random_bytes(4));
    putenv('SEALTRAIL_SPOOL_DIR=' . $folder);
    ini_set('error_log', $folder . '.log');
    ob_start();
    S\Bridge::ofBilling()->listen();
    $returned = [];
    foreach (array_keys($hooks) as $name) {
        if (!in_array($name, ['AfterCronJob', 'DailyCronJob'], true)) {
            $returned[] = $hooks[$name]($fields + ['olddata' => $fields, 'params' => ['domainid' => 4]]);
            $returned[] = $hooks[$name](new stdClass(), null, [1, 'x']);
            $returned[] = $hooks[$name]();
        }
    }
    $answers['printed'] = ob_get_clean();
    $answers['hooks'] = count($hooks);
    $answers['returned'] = array_values(array_filter($returned));
    $lines = [];
    foreach (glob($folder . '/spool-*.php') as $file) {
        foreach (array_slice(file($file, FILE_IGNORE_NEW_LINES), 1) as $line) {
            $item = json_decode($line, true);
            unset($item['id'], $item['occurred_at'], $item['installation']['php']);
            $lines[] = $item;
        }
    }
    $answers['items'] = count($lines);
    $answers['broken items'] = count(array_filter($lines, static function ($item): bool {
        return !is_array($item) || isset($item['capture_error']);
    }));
    $answers['digest of items'] = hash('sha256', (string) json_encode($lines));
    $answers['trouble'] = $trouble;
    echo json_encode(['version' => PHP_VERSION, 'answers' => $answers], JSON_UNESCAPED_UNICODE | JSON_PARTIAL_OUTPUT_ON_ERROR), "\n";
}
