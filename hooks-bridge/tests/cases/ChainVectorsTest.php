<?php

declare(strict_types=1);

use PHPUnit\Framework\TestCase;

/** The chain's golden vectors, read by a second language: what PHP computes must be what the sidecar writes. */
final class ChainVectorsTest extends TestCase
{
    const VECTORS = __DIR__ . '/../../../server/core/vectors/chain';

    public function testEveryVectorGivesItsHash(): void
    {
        $files = glob(self::VECTORS . '/*.json') ?: [];
        $this->assertNotEmpty($files, 'no chain vectors in server/core/vectors/chain');
        foreach ($files as $file) {
            $vector = json_decode((string) file_get_contents($file), true, 512, JSON_THROW_ON_ERROR);
            $this->assertSame($vector['result']['hash'], $this->entryHash($vector['input']), basename($file) . ': ' . $vector['description']);
        }
    }

    private function entryHash(array $input): string
    {
        $message = "sealtrail.entry.v1\0"
            . pack('N', strlen($input['ledger'])) . $input['ledger']
            . $this->u64be($input['seq'])
            . hex2bin($input['prev_hash'])
            . $input['record'];

        return hash_hmac('sha256', $message, hex2bin($input['key']));
    }

    // Byte by byte from decimal text, because PHP has no unsigned 64-bit integer.
    private function u64be(string $decimal): string
    {
        $this->assertMatchesRegularExpression('/^\d+$/', $decimal);
        $bytes = '';
        for ($n = 0; $n < 8; $n++) {
            $remainder = 0;
            $quotient = '';
            foreach (str_split($decimal) as $digit) {
                $value = $remainder * 10 + (int) $digit;
                $quotient .= intdiv($value, 256);
                $remainder = $value % 256;
            }
            $bytes = chr($remainder) . $bytes;
            $decimal = ltrim($quotient, '0') === '' ? '0' : ltrim($quotient, '0');
        }
        $this->assertSame('0', $decimal, 'more than 64 bits');

        return $bytes;
    }
}
