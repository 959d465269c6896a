<?php

declare(strict_types=1);

use Sealtrail\Tests\BridgeCase;
use WHMCS\Module\Addon\Sealtrail\Connection;
use WHMCS\Module\Addon\Sealtrail\Settings;

final class PairingTest extends BridgeCase
{
    const OTHER_SECRET = 'whsec_b3RoZXItc2VjcmV0LW9mLXRoaXJ0eS10d28tYnl0ZXM=';

    private $above;
    private $root;

    protected function setUp(): void
    {
        parent::setUp();
        $this->above = sys_get_temp_dir() . '/sealtrail-pairing-' . bin2hex(random_bytes(4));
        $this->root = $this->above . '/whmcs';
        mkdir($this->root, 0700, true);
        $this->sql("DELETE FROM tbladdonmodules WHERE module = 'sealtrail'");
    }

    protected function tearDown(): void
    {
        unset($GLOBALS['attachments_dir']);
        putenv('SEALTRAIL_BRIDGE_SECRET');
        exec('rm -rf ' . escapeshellarg($this->above));
        $this->sql("DELETE FROM tbladdonmodules WHERE module = 'sealtrail'");
        parent::tearDown();
    }

    private function settings(?string $root = null): Settings
    {
        return Settings::ofBilling($root ?? $this->root, Connection::ofBilling());
    }

    private static function code(array $values = []): string
    {
        $json = json_encode($values + ['u' => 'https://audit.example.com:8787', 'i' => 'bridge-9', 's' => self::SECRET], JSON_UNESCAPED_SLASHES);

        return 'stp1.' . rtrim(strtr(base64_encode($json), '+/', '-_'), '=');
    }

    public function testACodePairsAndItsSecretLiesInAFileAboveTheRootThatOnlyWeRead(): void
    {
        $settings = $this->settings();
        $settings->pairWithCode("  " . substr(self::code(), 0, 40) . "\n" . substr(self::code(), 40) . " \n");
        foreach ([$settings, $this->settings()] as $paired) {
            $this->assertTrue($paired->isPaired());
            $this->assertSame(
                ['https://audit.example.com:8787', 'bridge-9', self::SECRET, 'file'],
                [$paired->sidecarUrl(), $paired->bridgeId(), $paired->secret(), $paired->secretSource()]
            );
        }
        $this->assertSame(0600, fileperms($this->above . '/sealtrail-secret.php') & 0777);
        $this->assertNotContains(self::SECRET, $this->sql('SELECT value FROM tbladdonmodules')->fetchAll(PDO::FETCH_COLUMN));
        $this->assertSame([], glob($this->above . '/*.php.*'));
    }

    public function testAnotherCodeReplacesTheSecret(): void
    {
        $this->settings()->pairWithCode(self::code());
        $this->settings()->pairWithCode(self::code(['s' => self::OTHER_SECRET]));
        $this->assertSame(self::OTHER_SECRET, $this->settings()->secret());
        $this->assertSame(2, (int) $this->sql("SELECT COUNT(*) FROM tbladdonmodules WHERE module = 'sealtrail' AND value <> ''")->fetchColumn());
    }

    public function testWhereTheFolderAboveCannotBeWrittenItLiesBesideTheAttachments(): void
    {
        mkdir($this->above . '/home');
        $GLOBALS['attachments_dir'] = $this->above . '/home/attachments/';
        // A folder of that name stands where the file would go: a permission bit would not stop root.
        mkdir($this->above . '/sealtrail-secret.php');
        $this->settings()->pairWithCode(self::code());
        $this->assertFileExists($this->above . '/home/sealtrail-secret.php');
        $this->assertSame([self::SECRET, 'file'], [$this->settings()->secret(), $this->settings()->secretSource()]);
    }

    public function testWhereNoFileCanBeWrittenItLiesInOurOwnTable(): void
    {
        mkdir($this->above . '/sealtrail-secret.php');
        $this->sql("INSERT INTO tbladdonmodules (module, setting, value) VALUES ('sealtrail', 'secret', '" . self::OTHER_SECRET . "')");
        $this->settings()->pairWithCode(self::code());
        $this->assertSame([self::SECRET, 'state'], [$this->settings()->secret(), $this->settings()->secretSource()]);
        $this->assertSame('', $this->sql("SELECT value FROM tbladdonmodules WHERE module = 'sealtrail' AND setting = 'secret'")->fetchColumn());
    }

    public function testAnotherSecretInTheEnvironmentIsNamedInsteadOfBeingSilentlyStronger(): void
    {
        putenv('SEALTRAIL_BRIDGE_SECRET=' . self::OTHER_SECRET);
        $this->expectExceptionMessage('SEALTRAIL_BRIDGE_SECRET');
        $this->settings()->pairWithCode(self::code());
    }

    public function damaged(): array
    {
        return [
            'nothing' => ['  ', 'Paste the pairing code'], 'a secret alone' => [self::SECRET, 'begin with stp1.'],
            'cut' => [substr(self::code(), 0, -30), 'damaged'], 'not base64' => ['stp1.%%%', 'damaged'],
            'no secret' => [self::code(['s' => null]), 'damaged'], 'a weak secret' => [self::code(['s' => 'whsec_YWJj']), 'damaged'],
            'a quote in the secret' => [self::code(['s' => self::SECRET . "'.evil()"]), 'damaged'],
            'not an address' => [self::code(['u' => 'javascript:alert(1)']), 'damaged'],
            'an id with a line break' => [self::code(['i' => "a\n"]), 'damaged'], 'too long' => ['stp1.' . str_repeat('A', 5000), 'damaged'],
        ];
    }

    /** @dataProvider damaged */
    public function testADamagedCodeChangesNothing(string $code, string $message): void
    {
        $this->settings()->pairWithCode(self::code());
        try {
            $this->settings()->pairWithCode($code);
            $this->fail('taken');
        } catch (InvalidArgumentException $e) {
            $this->assertStringContainsString($message, $e->getMessage());
            $this->assertStringNotContainsString(self::SECRET, $e->getMessage());
        }
        $this->assertSame(self::SECRET, $this->settings()->secret());
    }
}
