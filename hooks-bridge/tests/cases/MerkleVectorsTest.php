<?php

declare(strict_types=1);

use PHPUnit\Framework\TestCase;

/** The golden vectors of the tree and of its signed notes, read by a second language. */
final class MerkleVectorsTest extends TestCase
{
    const VECTORS = __DIR__ . '/../../../server/core/vectors/';

    public function testEveryRecordGivesItsLeaf(): void
    {
        foreach ($this->vectors('leaf') as $name => $vector) {
            $this->assertSame($vector['result']['leaf'], bin2hex($this->leaf($vector['input']['record'])), $name);
        }
    }

    public function testEveryTreeGivesItsRoot(): void
    {
        foreach ($this->vectors('tree-root') as $name => $vector) {
            $leaves = [];
            for ($n = 1; $n <= $vector['input']['count']; $n++) {
                $leaves[] = $this->leaf((string) $n);
            }
            $this->assertSame($vector['result']['root'], bin2hex($this->root($leaves)), $name);
        }
    }

    public function testEveryNoteIsSignedAlike(): void
    {
        foreach ($this->vectors('note') as $name => $vector) {
            $input = $vector['input'];
            $seed = hex2bin($input['seed']);
            $this->assertSame($vector['result']['note'], $this->note($input['text'], $input['name'], $seed), $name);
            $this->assertSame($vector['result']['vkey'], $this->vkey($input['name'], $seed, "\x01"), $name);
        }
    }

    public function testEveryCosignatureIsMadeAlike(): void
    {
        foreach ($this->vectors('cosignature') as $name => $vector) {
            $input = $vector['input'];
            $seed = hex2bin($input['seed']);
            $message = "cosignature/v1\ntime {$input['time']}\n{$input['text']}";
            $blob = $this->keyId($input['name'], $seed, "\x04") . pack('J', $input['time']) . $this->sign($message, $seed);
            $this->assertSame($vector['result']['line'], "\u{2014} {$input['name']} " . base64_encode($blob) . "\n", $name);
            $this->assertSame($vector['result']['vkey'], $this->vkey($input['name'], $seed, "\x04"), $name);
        }
    }

    public function testEveryCheckpointFollowsFromItsRecords(): void
    {
        foreach ($this->vectors('checkpoint') as $name => $vector) {
            $input = $vector['input'];
            $result = $vector['result'];
            $leaves = array_map([$this, 'leaf'], $input['records']);
            $this->assertSame($result['leaves'], array_map('bin2hex', $leaves), $name);
            $root = $this->root($leaves);
            $this->assertSame($result['root'], bin2hex($root), $name);
            $seed = hash_hkdf('sha256', hex2bin($input['master_key']), 32, "checkpoint\0" . $input['origin'], 'sealtrail/v1');
            $this->assertSame($result['seed'], bin2hex($seed), $name);
            $text = $input['origin'] . "\n" . count($leaves) . "\n" . base64_encode($root) . "\n";
            $this->assertSame($result['note'], $this->note($text, $input['origin'], $seed), $name);
        }
    }

    private function vectors(string $kind): array
    {
        $files = glob(self::VECTORS . $kind . '/*.json') ?: [];
        $this->assertNotEmpty($files, "no vectors in server/core/vectors/$kind");
        $vectors = [];
        foreach ($files as $file) {
            $vectors[$kind . '/' . basename($file)] = json_decode((string) file_get_contents($file), true, 512, JSON_THROW_ON_ERROR);
        }

        return $vectors;
    }

    private function leaf(string $record): string
    {
        return hash('sha256', "\x00" . $record, true);
    }

    // Level by level: an odd last node goes up as it is, which divides where RFC 6962 divides.
    private function root(array $nodes): string
    {
        if ($nodes === []) {
            return hash('sha256', '', true);
        }
        while (count($nodes) > 1) {
            $above = [];
            foreach (array_chunk($nodes, 2) as $pair) {
                $above[] = isset($pair[1]) ? hash('sha256', "\x01" . $pair[0] . $pair[1], true) : $pair[0];
            }
            $nodes = $above;
        }

        return $nodes[0];
    }

    private function note(string $text, string $name, string $seed): string
    {
        $blob = $this->keyId($name, $seed, "\x01") . $this->sign($text, $seed);

        return "$text\n\u{2014} $name " . base64_encode($blob) . "\n";
    }

    private function vkey(string $name, string $seed, string $type): string
    {
        return $name . '+' . bin2hex($this->keyId($name, $seed, $type)) . '+' . base64_encode($type . $this->publicKey($seed));
    }

    private function keyId(string $name, string $seed, string $type): string
    {
        return substr(hash('sha256', $name . "\n" . $type . $this->publicKey($seed), true), 0, 4);
    }

    private function publicKey(string $seed): string
    {
        return sodium_crypto_sign_publickey(sodium_crypto_sign_seed_keypair($seed));
    }

    private function sign(string $message, string $seed): string
    {
        return sodium_crypto_sign_detached($message, sodium_crypto_sign_secretkey(sodium_crypto_sign_seed_keypair($seed)));
    }
}
