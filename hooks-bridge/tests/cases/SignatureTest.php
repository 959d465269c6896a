<?php

declare(strict_types=1);

use PHPUnit\Framework\TestCase;
use WHMCS\Module\Addon\Sealtrail\Signature;

final class SignatureTest extends TestCase
{
    const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

    public function testItGivesTheVectorOfTheStandard(): void
    {
        $this->assertSame(
            'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
            (new Signature(self::SECRET))->sign('msg_p5jXN8AQM9LWM0D4loKWxJek', 1614265330, '{"test": 2432232314}')
        );
    }

    public function testEveryDeliveryVectorGivesItsSignature(): void
    {
        $files = glob(__DIR__ . '/../../../server/core/vectors/delivery-signature/*.json') ?: [];
        $this->assertNotEmpty($files, 'no vectors in server/core/vectors/delivery-signature');
        foreach ($files as $file) {
            $vector = json_decode((string) file_get_contents($file), true, 512, JSON_THROW_ON_ERROR);
            $input = $vector['input'];
            $signature = (new Signature($input['secret']))->sign($input['id'], (int) $input['timestamp'], $input['body']);
            $this->assertSame($vector['result']['signature'], $signature, basename($file));
        }
    }

    public function testTwoSecretsGiveTwoSignaturesDuringRotation(): void
    {
        $other = 'whsec_' . base64_encode(str_repeat('k', 32));
        $both = (new Signature(self::SECRET . ' ' . $other))->sign('msg_1', 1, '{}');
        $this->assertSame((new Signature(self::SECRET))->sign('msg_1', 1, '{}') . ' ' . (new Signature($other))->sign('msg_1', 1, '{}'), $both);
    }

    public function malformed(): array
    {
        return [[''], ['MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'], ['whsec_short'], ['whsec_!!!!'], ['whsec_' . base64_encode(str_repeat('k', 65))]];
    }

    /** @dataProvider malformed */
    public function testAMalformedSecretIsRefused(string $secret): void
    {
        $this->assertFalse(Signature::isSecret($secret));
    }
}
