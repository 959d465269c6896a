<?php

declare(strict_types=1);

use PHPUnit\Framework\TestCase;

/** Epochs and their check values, written a second time from docs/format.md alone. */
final class RotationVectorsTest extends TestCase
{
    const VECTORS = __DIR__ . '/../../../server/core/vectors/';
    const FORMAT = 'sealtrail/1';

    private function vectors(string $kind): array
    {
        $files = glob(self::VECTORS . $kind . '/*.json') ?: [];
        $this->assertNotEmpty($files, 'no vectors in server/core/vectors/' . $kind);
        $vectors = [];
        foreach ($files as $file) {
            $vectors[basename($file, '.json')] = json_decode((string) file_get_contents($file), true, 512, JSON_THROW_ON_ERROR);
        }

        return $vectors;
    }

    private function checkValue(string $key): string
    {
        return substr(hash_hmac('sha256', "sealtrail.check.v1\0", (string) hex2bin($key)), 0, 16);
    }

    public function testEveryKeyHasItsCheckValue(): void
    {
        foreach ($this->vectors('check-value') as $name => $vector) {
            $this->assertSame($vector['result']['check_value'], $this->checkValue($vector['input']['key']), $name);
        }
    }

    public function testEveryEntryHasItsHashUnderTheKeyOfItsEpoch(): void
    {
        foreach ($this->vectors('rotation') as $name => $vector) {
            $previous = $vector['input']['prev_hash'];
            foreach ($vector['input']['entries'] as $at => $entry) {
                $ledger = $vector['input']['ledger'];
                $message = "sealtrail.entry.v1\0" . pack('N', strlen($ledger)) . $ledger
                    . pack('J', (int) $entry['seq']) . hex2bin($previous) . $entry['record'];
                $previous = hash_hmac('sha256', $message, (string) hex2bin($vector['input']['keys'][(string) $entry['epoch']]));
                $this->assertSame($vector['result']['hashes'][$at], $previous, $name . ' #' . $entry['seq']);
            }
        }
    }

    public function testEveryTurnIsJudgedAlike(): void
    {
        foreach ($this->vectors('rotation') as $name => $vector) {
            $this->assertSame($vector['result']['fault'], $this->firstFault($vector['input']), $name . ': ' . $vector['description']);
        }
    }

    private function firstFault(array $input): ?string
    {
        $before = null;
        foreach ($input['entries'] as $entry) {
            $record = json_decode($entry['record'], true, 512, JSON_THROW_ON_ERROR);
            $kind = $before === null ? null : $this->fault($before, $record, $input['keys']);
            if ($kind !== null) {
                return $entry['seq'] . ' ' . $kind;
            }
            $before = $record;
        }

        return null;
    }

    private function fault(array $before, array $record, array $keys): ?string
    {
        $closed = $this->notice($before, 'closed');
        if ($record['epoch'] === $before['epoch']) {
            return $closed === null ? null : 'linkage';
        }
        $opened = $this->notice($record, 'opened');
        if ($closed === null || $opened === null
            || $closed['from_epoch'] !== $before['epoch'] || $closed['to_epoch'] !== $record['epoch']
            || $opened['to_epoch'] !== $record['epoch'] || $opened['check_value'] !== $closed['check_value']) {
            return 'linkage';
        }
        if ($opened['record_format'] !== $record['format'] || $record['format'] !== self::FORMAT) {
            return 'content';
        }

        return $this->checkValue($keys[$record['epoch']]) === $closed['check_value'] ? null : 'linkage';
    }

    private function notice(array $record, string $phase): ?array
    {
        $payload = $record['source']['payload'];
        $isOurs = $record['action'] === 'audit.key_rotated' && $record['source']['kind'] === 'own';

        return $isOurs && ($payload['phase'] ?? null) === $phase ? $payload : null;
    }
}
