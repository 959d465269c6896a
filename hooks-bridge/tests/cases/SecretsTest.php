<?php

declare(strict_types=1);

use Sealtrail\Tests\BridgeCase;
use Sealtrail\Tests\Endpoint;
use WHMCS\Module\Addon\Sealtrail\HookTable;
use WHMCS\Module\Addon\Sealtrail\Limits;

/** One mark is planted wherever a secret may lie; it must be nowhere behind the hooks: file, table, wire or log. */
final class SecretsTest extends BridgeCase
{
    const MARK = 'PLANTEDsecret';
    const LOOK_ALIKES = [
        'password', 'Passwd', 'PASS', 'user_pwd', 'client_secret', 'accessToken', 'api_key', 'APIKey', 'publishable-key', 'cvv', 'cardcvv',
        'cccvv', 'epp', 'EPPCode', 'auth-code', 'authdata', 'securityqans', 'private_key', 'credentials', 'cookie', 'session_id',
        'PHPSESSID', 'serverpassword', 'serveraccesshash', 'pin', 'otp', 'transfersecret', 'Authorization', 'second_factor_secret',
        'backup_code', 'recoveryCode', 'webhook_signature', 'smtp_passphrase', 'totp', 'seed', 'salt', 'nonce', 'remote_token',
    ];

    // In running text the shortest names are words of their own.
    const NAMED_IN_TEXT = '/passw|^pass$|passphrase|secret|token|api_?key|private_key|cvv|cookie|epp|auth-code|authorization|access_?hash|pwd|^pin$|^otp$/i';

    private $endpoint;
    private $log;

    protected function setUp(): void
    {
        parent::setUp();
        $this->endpoint = new Endpoint();
        $this->log = tempnam(sys_get_temp_dir(), 'secrets');
    }

    protected function tearDown(): void
    {
        $this->endpoint->stop();
        unlink($this->log);
        $this->sql("UPDATE tblconfiguration SET value = 'smtp-Secret-1' WHERE setting = 'SMTPPassword'");
        $this->sql("UPDATE tblpaymentgateways SET value = 'gateway-Secret-1' WHERE setting = 'apiSignature'");
        $this->sql("DELETE FROM tbldeviceauth WHERE id = 9");
        $this->sql("UPDATE tblregistrars SET value = 'registrar-Secret-1' WHERE setting = 'Username'");
        $this->sql("UPDATE tbladmins SET passwordhash = '', authdata = '', password_reset_key = '' WHERE id = 8");
        $this->sql("UPDATE tblusers SET password = '', reset_token = '', second_factor_config = NULL WHERE id = 9");
        parent::tearDown();
    }

    private function planted(array $paths, int &$count): array
    {
        $args = ['params' => ['domainid' => 4, 'sld' => 'kept'], 'userid' => 5];
        foreach ($paths as $path) {
            $parts = explode('.', str_replace('<registrar settings>', 'ResellerAccount', $path));
            $value = self::MARK . $count++;
            count($parts) === 2
                ? $args[$parts[0]][$parts[1]] = $value
                : $args[$parts[0]] = $count % 2 === 0 ? $value : ['in' => ['depth' => [$value]], 'object' => (object) ['id' => 1, 'name' => $value]];
        }
        foreach (self::LOOK_ALIKES as $name) {
            $args['deep']['er'][$name] = self::MARK . $count++;
            $args['list'][] = [strtoupper($name) => ['x' => self::MARK . $count++]];
            $args['pairs'][] = ['name' => $name, 'value' => self::MARK . $count++];
            if (preg_match(self::NAMED_IN_TEXT, $name) === 1) {
                $args['texts'][] = 'before ' . $name . '="' . self::MARK . $count++ . '" after&' . $name . '=' . self::MARK . '&x=1';
            }
        }
        $args['user'] = new WHMCS\User\User(['id' => 9, 'password' => self::MARK, 'email' => 'kept@example.com', 'second_factor_config' => self::MARK]);
        $args['object'] = (object) ['id' => 1, 'password' => self::MARK, 'anything' => self::MARK, 'inner' => (object) ['token' => self::MARK]];
        $args['iterator'] = new ArrayObject(['password' => self::MARK]);

        return $args;
    }

    public function testNoneOfThemIsAnywhereBehindTheHooks(): void
    {
        $before = ini_set('error_log', $this->log);
        $this->adminRequest('dologin.php');
        $_SESSION['adminid'] = 7;
        $_SERVER['HTTP_COOKIE'] = 'WHMCS=' . self::MARK;
        $_SERVER['HTTP_AUTHORIZATION'] = 'Bearer ' . self::MARK;
        $_POST = ['userid' => '5', 'password' => self::MARK, 'cchash' => self::MARK, 'ccnumber' => '4111111111111111', 'email' => 'grace@example.com', 'user_id' => '9'];
        $bridge = $this->aBridge($this->endpoint->url());
        $bridge->watch()->learn();
        $bridge->listen();

        $count = 0;
        foreach (HookTable::load()->rows() as $hook => $row) {
            if (in_array($row['role'], ['scheduler', 'daily'], true)) {
                continue;
            }
            $args = $this->planted($row['redact'], $count);
            run_hook($hook, $args + ($row['before'] === 'olddata' ? ['olddata' => $args] : []));
            run_hook($hook, [$args, $args['user'], $args['object']], true);
        }
        $mark = self::MARK;
        $this->sql("UPDATE tblconfiguration SET value = '$mark' WHERE setting = 'SMTPPassword'");
        $this->sql("UPDATE tblpaymentgateways SET value = '$mark' WHERE setting = 'apiSignature'");
        $this->sql("UPDATE tblregistrars SET value = '$mark' WHERE setting = 'Username'");
        $this->sql("INSERT INTO tbldeviceauth (id, identifier, secret, compat_secret, user_id, role_ids) VALUES (9, '$mark', '$mark', '$mark', 1, '')");
        $this->sql("UPDATE tbladmins SET passwordhash = '$mark', authdata = '$mark', password_reset_key = '$mark' WHERE id = 8");
        $this->sql("UPDATE tblusers SET password = '$mark', reset_token = '$mark', second_factor_config = '$mark' WHERE id = 9");
        $bridge->watch()->conclude();
        $bridge->watch()->end();
        $spooled = implode('', array_map('file_get_contents', glob($this->spoolFolder . '/*')));
        $outbox = $this->outboxText();
        $bridge->reconcile();
        $this->moveToOutbox();
        $bridge->heartbeat()->send(Limits::cron());
        $bridge->deliverer()->deliver(Limits::cron());
        ini_set('error_log', (string) $before);

        $this->assertGreaterThan(10000, $count);
        $this->assertStringContainsString('kept@example.com', $outbox);
        $wire = '';
        foreach ($this->endpoint->deliveries() as $delivery) {
            $wire .= json_encode($delivery['headers']) . $delivery['json'];
        }
        $this->assertStringContainsString('[redacted:changed]', $wire);
        $this->assertGreaterThan(500000, strlen($wire));
        $tables = implode('', $this->sql('SELECT CONCAT(name, value) FROM mod_sealtrail_state UNION ALL SELECT body FROM mod_sealtrail_known_things '
            . 'UNION ALL SELECT body FROM mod_sealtrail_known_rows UNION ALL SELECT body FROM mod_sealtrail_outbox')->fetchAll(PDO::FETCH_COLUMN));
        foreach (['spool file' => $spooled, 'outbox' => $outbox, 'wire' => $wire, 'our tables' => $tables, 'log' => (string) file_get_contents($this->log)] as $place => $text) {
            $this->assertSame(0, substr_count($text, self::MARK), $place . ': ' . self::around($text));
            $this->assertStringNotContainsString('4111111111111111', $text, $place);
        }
    }

    private static function around(string $text): string
    {
        $at = strpos($text, self::MARK);

        return $at === false ? '' : substr($text, max(0, $at - 200), 300);
    }
}
