<?php

declare(strict_types=1);

use Sealtrail\Tests\BridgeCase;
use WHMCS\Module\Addon\Sealtrail\CardNumbers;
use WHMCS\Module\Addon\Sealtrail\DecimalText;
use WHMCS\Module\Addon\Sealtrail\HookTable;
use WHMCS\Module\Addon\Sealtrail\RegistrarParams;
use WHMCS\Module\Addon\Sealtrail\Redactor;
use WHMCS\Module\Addon\Sealtrail\SecretNames;

final class RedactionTest extends BridgeCase
{
    const LOOK_ALIKES = [
        'password', 'Passwd', 'pass', 'pwd', 'client_secret', 'accessToken', 'api_key', 'APIKey', 'key', 'cvv', 'cardcvv', 'cardnum',
        'cccvv', 'ccNum', 'epp', 'EPPCode', 'auth-code', 'authdata', 'securityqans', 'private_key', 'credentials', 'cookie',
        'session_id', 'PHPSESSID', 'serverpassword', 'serveraccesshash', 'bankacct', 'pin', 'otp', 'transfersecret', 'Authorization',
    ];

    private function clean(array $values, array $redact = [], array $minimise = []): array
    {
        return (new Redactor($redact, $minimise, 100000))->clean($values);
    }

    public function testSecretsOfEveryRedactListNeverReachTheOutbox(): void
    {
        $planted = [];
        foreach (HookTable::load()->rows() as $hook => $row) {
            if ($row['redact'] === []) {
                continue;
            }
            $args = ['params' => ['domainid' => 4, 'sld' => 'kept-sld']];
            foreach ($row['redact'] as $n => $path) {
                $secret = 'planted-' . $hook . '-' . $n;
                $planted[] = $secret;
                $parts = explode('.', str_replace('<registrar settings>', 'ResellerAccount', $path));
                if (count($parts) === 2) {
                    $args[$parts[0]][$parts[1]] = $secret;
                    $args['olddata'][$parts[0]][$parts[1]] = $secret;
                } else {
                    $args[$parts[0]] = ['nested' => [$secret], 'plain' => $secret];
                    $args['olddata'][$parts[0]] = $secret;
                }
            }
            foreach (self::LOOK_ALIKES as $n => $name) {
                $secret = 'lookalike-' . $hook . '-' . $n;
                $planted[] = $secret;
                $args['nested'][$name] = $secret;
                $args['list'][] = ['deeper' => [$name => ['x' => $secret]]];
                $args['rows'][] = ['name' => $name, 'value' => $secret];
            }
            $args['user'] = new WHMCS\User\User(['id' => 9, 'password' => 'planted-model', 'reset_token' => 'planted-model']);
            $args['plainobject'] = (object) ['id' => 1, 'password' => 'planted-model'];
            $old = $args['olddata'];
            unset($args['olddata']);
            $this->aBridge()->recorder()->hook($hook, $row, $args, $old);
        }
        $text = $this->outboxText();
        $this->assertGreaterThan(1000, count($planted));
        foreach ($planted as $secret) {
            $this->assertFalse(strpos($text, $secret), $secret);
        }
        $this->assertStringNotContainsString('planted-model', $text);
        $this->assertStringContainsString('kept-sld', $text);
    }

    public function testEverySettingOfARegistrarIsWithheldAndTheFactsOfTheDomainAreKept(): void
    {
        $row = HookTable::load()->row('AfterRegistrarSaveNameservers');
        $params = ['domainid' => 4, 'ns1' => 'ns1.example.com', 'Username' => 'reseller', 'TestMode' => 'on', 'MyApi' => 'abc', 'original' => ['x' => 'y']];
        $clean = $this->clean(['params' => $params], $row['redact'], $row['minimise'])['params'];
        $this->assertSame(['domainid' => 4, 'ns1' => 'ns1.example.com'], array_slice($clean, 0, 2));
        $this->assertSame(['[redacted]'], array_values(array_unique(array_slice($clean, 2))));
        $this->assertFalse(RegistrarParams::isFact('eppcode'));
    }

    public function testHarmlessNamesAndEmptyValuesStayVisible(): void
    {
        $values = [
            'requiresEppCode' => true, 'firstname' => 'Grace', 'shipping' => 'x', 'paymentmethod' => 'paypal', 'keywords' => 'x',
            'DisableAdminPWReset' => 'on', 'password' => '', 'token' => null, 'hasToken' => false, 'useToken' => 'on', 'description' => 'x',
            'adminid' => 7, 'hashtag' => 'audit', 'ticketmask' => 'ABC-123456', 'currency' => 1, 'passed' => 'yes',
        ];
        $this->assertSame($values, $this->clean($values));
    }

    public function testAHashIsWithheldWhenItLooksLikeOne(): void
    {
        $this->assertSame(['loginhash' => '[redacted]'], $this->clean(['loginhash' => str_repeat('a1', 16)]));
        $this->assertTrue(SecretNames::isSecretHash('hash', '$2y$10$abcdefghijklmnop'));
    }

    public function testACardNumberKeepsItsLastFourDigits(): void
    {
        $row = HookTable::load()->row('CCUpdate');
        $clean = $this->clean(['cardnum' => '4111 1111 1111 1111', 'cardcvv' => '123', 'cardtype' => 'Visa'], $row['redact']);
        $this->assertSame(['cardnum' => '[redacted, ends 1111]', 'cardcvv' => '[redacted]', 'cardtype' => 'Visa'], $clean);
    }

    public function cards(): array
    {
        return [
            ['paid with 4111111111111111 today', 'paid with [redacted, ends 1111] today'],
            ['4111-1111-1111-1111', '[redacted, ends 1111]'],
            // The digits of this bank account pass the Luhn check; a changed one is evidence.
            ['IBAN DE02 1203 0000 0000 2020 51 PLEASE', 'IBAN DE02 1203 0000 0000 2020 51 PLEASE'],
            ['GB29 NWBK 6016 1331 9268 19, 4111111111111111', 'GB29 NWBK 6016 1331 9268 19, [redacted, ends 1111]'],
            ['on 2026-11-21 4111 1111 1111 1111 ok', 'on 2026-11-21 [redacted, ends 1111] ok'],
            ['3782 822463 10005.', '[redacted, ends 0005].'],
            ['12 5555555555554444 34', '12 [redacted, ends 4444] 34'],
            ['4111 1111 1111 1112', '4111 1111 1111 1112'],
            ['order 123456 of 2026-11-21', 'order 123456 of 2026-11-21'],
            ['00000000000000', '00000000000000'],
            ['12345678901234567890123456789', '12345678901234567890123456789'],
        ];
    }

    /** @dataProvider cards */
    public function testCardNumbersInTextAreMasked(string $text, string $masked): void
    {
        $this->assertSame($masked, CardNumbers::mask($text));
    }

    public function testACardNumberAcrossTheCutIsNotHalved(): void
    {
        for ($shift = 0; $shift < 24; $shift++) {
            $text = str_repeat('x', Redactor::MAX_STRING_BYTES - $shift) . '4111111111111111' . str_repeat('y', 2000);
            $this->assertStringNotContainsString('41111111', $this->clean(['text' => $text])['text']);
        }
    }

    public function testSecretsWrittenOutInTextAreWithheld(): void
    {
        $text = "Array ( [api_key] => abc123 [cvv] => 987 ) password=hunter2&x=1 {\"client_secret\":\"s3cr3t\"} Authorization: Bearer tok123";
        $clean = $this->clean(['data' => $text])['data'];
        foreach (['abc123', '987', 'hunter2', 's3cr3t', 'tok123'] as $secret) {
            $this->assertStringNotContainsString($secret, $clean);
        }
        $this->assertStringContainsString('x=1', $clean);
    }

    public function testMessageBodiesAreShortenedTo500Characters(): void
    {
        $clean = $this->clean(['message' => str_repeat('丽', 600), 'nested' => ['a' => str_repeat('y', 600)]], [], ['message', 'nested']);
        $this->assertSame(str_repeat('丽', 500) . '[truncated]', $clean['message']);
        $this->assertSame(511, strlen($clean['nested']['a']));
    }

    public function testDepthCountAndSizeAreBoundedWithAVisibleMark(): void
    {
        $deep = 'bottom';
        for ($n = 0; $n < 20; $n++) {
            $deep = [$deep];
        }
        $this->assertStringContainsString('[truncated]', json_encode($this->clean(['deep' => $deep])));
        $this->assertStringNotContainsString('bottom', json_encode($this->clean(['deep' => $deep])));
        $this->assertSame('[truncated]', $this->clean(range(1, 1000))[400]);
        $this->assertStringEndsWith('[truncated]', $this->clean(['t' => str_repeat('x', 20000)])['t']);
        $this->assertLessThan(130000, strlen(json_encode($this->clean(array_fill(0, 300, str_repeat('x', 5000))))));
    }

    public function testInvalidUtf8IsReplaced(): void
    {
        $this->assertSame(['t' => "a\u{FFFD}b"], $this->clean(['t' => "a\xffb"]));
        $this->assertSame(['😀' => '四𠀀'], $this->clean(['😀' => '四𠀀']));
    }

    public function numbers(): array
    {
        return [
            [0.1 + 0.2, '0.3'], [12.5, '12.5'], [1234567.89, '1234567.89'], [1.0e25, '10000000000000000000000000'], [-0.0, '0'],
            [1.0e-7, '0.0000001'], [-1234.5678, '-1234.5678'], [100.0, '100'], [99.99, '99.99'], [NAN, 'NAN'], [-INF, '-INF'],
            [123456789012345678.0, '123456789012350000'],
        ];
    }

    /** @dataProvider numbers */
    public function testFloatsBecomeDecimalText(float $number, string $text): void
    {
        $this->assertSame($text, DecimalText::fromFloat($number));
    }

    public function testIntegersStayIntegersWhileJsonReadersKeepThemExact(): void
    {
        $this->assertSame(['a' => 7, 'b' => '9223372036854775807'], $this->clean(['a' => 7, 'b' => PHP_INT_MAX]));
    }

    public function testModelsAndDatesAreReducedToPlainValues(): void
    {
        $clean = $this->clean([
            'user' => new WHMCS\User\User(['id' => 9, 'email' => 'g@example.com', 'password' => 'x', 'remember' => 'y']),
            'date' => new DateTime('2026-11-21 10:00:00', new DateTimeZone('Europe/Berlin')),
            'other' => new ArrayObject(['password' => 'x']),
        ]);
        $this->assertSame(['user' => ['id' => 9, 'email' => 'g@example.com'], 'date' => '2026-11-21T10:00:00+01:00', 'other' => '[ArrayObject]'], $clean);
    }
}
