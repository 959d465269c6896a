import { hkdfSync } from 'node:crypto';
import { readPublicVectors } from '../testing/vectors';
import { canonicalJson, CanonicalJsonError, type JsonValue } from './canonical-json';
import { parseCheckpoint } from './checkpoint';
import { hmacSha256 } from './hmac';
import { verifyConsistency, verifyInclusion } from './merkle';
import { NOTE_SIGNATURE, parseVkey, verifyBytes } from './note-key';
import { formatTlogProof, parseTlogProof } from './tlog-proof';

const bytes = (hex: string) => Buffer.from(hex, 'hex');
const decoded = (base64: string | null) => Buffer.from(base64 ?? '', 'base64');

interface ProofCase {
  readonly file: string;
  readonly desc: string;
  readonly proof: readonly string[] | null;
  readonly wantErr: boolean;
}

describe('Merkle proofs of transparency-dev/merkle', () => {
  const inclusion = readPublicVectors<
    ProofCase & { leafIdx: string; treeSize: string; root: string | null; leafHash: string | null }
  >('merkle-inclusion');
  const consistency = readPublicVectors<
    ProofCase & { size1: string; size2: string; root1: string | null; root2: string | null }
  >('merkle-consistency');

  it('are all here, good ones and forged ones', () => {
    const counts = [inclusion, consistency].map((cases) => [cases.length, cases.filter((one) => one.wantErr).length]);
    expect(counts).toEqual([
      [98, 92],
      [98, 92],
    ]);
  });

  it.each(inclusion)('$file: $desc', ({ leafIdx, treeSize, root, leafHash, proof, wantErr }) => {
    const claim = { index: Number(leafIdx), size: Number(treeSize), leaf: decoded(leafHash), root: decoded(root) };
    expect(verifyInclusion({ ...claim, proof: (proof ?? []).map(decoded) })).toBe(!wantErr);
  });

  // Its roots are words: a hash has 32 bytes here.
  const OF_WORDS = 'consistency/additional/sizes-are-equal-one-and-proof-is-empty.json';

  it('says of roots that are no hashes: not consistent; the same with hashes is', () => {
    const [found] = consistency.filter(({ file }) => file === OF_WORDS);
    const [word, hash] = [decoded(found?.root1 ?? ''), Buffer.alloc(32, found?.root1 ?? '')];
    const claim = { oldSize: Number(found?.size1), newSize: Number(found?.size2), proof: [] };
    expect(verifyConsistency({ ...claim, oldRoot: word, newRoot: word })).toBe(false);
    expect(verifyConsistency({ ...claim, oldRoot: hash, newRoot: hash })).toBe(true);
  });

  it.each(consistency.filter(({ file }) => file !== OF_WORDS))(
    '$file: $desc',
    ({ size1, size2, root1, root2, proof, wantErr }) => {
      const claim = {
        oldSize: Number(size1),
        newSize: Number(size2),
        oldRoot: decoded(root1),
        newRoot: decoded(root2),
      };
      expect(verifyConsistency({ ...claim, proof: (proof ?? []).map(decoded) })).toBe(!wantErr);
    },
  );
});

describe('canonical JSON of cyberphone/json-canonicalization', () => {
  const cases = readPublicVectors<{ file: string; input: string; outhex: string }>('canonical-json');

  it.each(cases.filter(({ file }) => file !== 'values'))('$file', ({ input, outhex }) => {
    expect(Buffer.from(canonicalJson(JSON.parse(input) as JsonValue), 'utf8').toString('hex')).toBe(outhex);
  });

  it('values: all but its floats, which a record does not hold', () => {
    const [found] = cases.filter(({ file }) => file === 'values');
    const { numbers, ...rest } = JSON.parse(found?.input ?? '') as { numbers: JsonValue; literals: JsonValue; string: JsonValue }; // prettier-ignore
    expect(() => canonicalJson(numbers)).toThrow(CanonicalJsonError);
    const all = bytes(found?.outhex ?? '').toString('utf8');
    expect(all.replace('"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],', '')).toBe(canonicalJson(rest));
  });
});

describe('HMAC-SHA256 of C2SP/wycheproof', () => {
  const cases = readPublicVectors<{
    tcId: number;
    comment: string;
    key: string;
    msg: string;
    tag: string;
    tagSize: number;
    result: string;
  }>('hmac-sha256');
  // A longer key must be hashed first; ours have 32 bytes.
  const usable = cases.filter(({ key }) => bytes(key).length <= 64);

  it('can nearly all be used', () => {
    expect([cases.length, usable.length]).toEqual([174, 168]);
  });

  it.each(usable)('$tcId ($result): $comment', ({ key, msg, tag, tagSize, result }) => {
    expect(hmacSha256(bytes(key), bytes(msg)).slice(0, tagSize / 4) === tag).toBe(result === 'valid');
  });
});

describe('Ed25519 of C2SP/wycheproof', () => {
  const cases = readPublicVectors<{
    tcId: number;
    comment: string;
    pk: string;
    msg: string;
    sig: string;
    result: string;
  }>('ed25519');
  // Notes are texts.
  const texts = cases.filter(({ msg }) => Buffer.from(bytes(msg).toString('utf8'), 'utf8').equals(bytes(msg)));

  it('are good ones and forged ones over texts', () => {
    expect([cases.length, texts.length, texts.filter(({ result }) => result === 'valid').length]).toEqual([
      151, 84, 22,
    ]);
  });

  it.each(texts)('$tcId ($result): $comment', ({ pk, msg, sig, result }) => {
    const key = { name: 'log', keyId: 0, type: NOTE_SIGNATURE, publicKey: bytes(pk) } as const;
    expect(verifyBytes(key, bytes(msg).toString('utf8'), bytes(sig))).toBe(result === 'valid');
  });
});

describe('HKDF-SHA256 as keys are derived', () => {
  it('gives test case 1 of RFC 5869', () => {
    const [salt, info] = [bytes('000102030405060708090a0b0c'), bytes('f0f1f2f3f4f5f6f7f8f9')];
    expect(Buffer.from(hkdfSync('sha256', bytes('0b'.repeat(22)), salt, info, 42)).toString('hex')).toBe(
      '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
    );
  });
});

describe('verifier keys of transparency-dev/formats', () => {
  it.each([
    'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW',
    'logandmap+38581672+Ab/PCr1eCclRPRMBqw/r5An1xO71MCnImLiospEq6b4l',
  ])('%s', (vkey) => {
    expect(parseVkey(vkey)?.keyId.toString(16)).toBe(vkey.split('+')[1]);
  });

  it.each([
    ['wrong number of parts', 'bananas.sigstore.dev+12344556'],
    ['invalid base64', 'rekor.sigstore.dev+12345678+THIS_IS_NOT_BASE64!'],
    ['invalid algorithm', 'rekor.sigstore.dev+12345678+AwEB'],
    ['incorrect key hash', 'PeterNeumann+00000000+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'],
    ['a private key', 'PRIVATE+KEY+logandmap+38581672+AXJ0FKWOcO2ch6WC8kP705Ed3Gxu7pVtZLhfHAQwp+FE'],
  ])('%s', (_name, vkey) => {
    expect(parseVkey(vkey)).toBeUndefined();
  });
});

describe('checkpoint texts of transparency-dev/formats', () => {
  // The same texts with a root as long as SHA-256 makes it, which we ask for and that parser does not.
  const ROOT = 'NUzS1tFDvmEXSA9PyGQO02UTQBztGhC3Ibe+2DeVOOQ=';

  it.each([
    [`Log\n123\n${ROOT}\n`, 'Log', 123, []],
    [`Banana\n9944\n${ROOT}\n`, 'Banana', 9944, []],
    [`Log\n9944\n${ROOT}\nHere's some associated data.\n`, 'Log', 9944, ["Here's some associated data."]],
    [`Log\n9944\n${ROOT}\nlots\nof\nlines\n`, 'Log', 9944, ['lots', 'of', 'lines']],
    [`Moon Log\n4027504\n${ROOT}\n6086d1a9\nWaxing gibbous\n`, 'Moon Log', 4027504, ['6086d1a9', 'Waxing gibbous']],
  ])('reads %j', (text, origin, size, extensions) => {
    expect(parseCheckpoint(text)).toEqual({ origin, size, root: Buffer.from(ROOT, 'base64'), extensions });
  });

  it.each([
    ['insufficient lines', 'Head\n9944\n'],
    ['empty header', `\n9944\n${ROOT}\n`],
    ['missing newline on roothash', `Log\n123\n${ROOT}`],
    ['size is not a number', `Log\nbananas\n${ROOT}\n`],
    ['size is negative', `Log\n-34\n${ROOT}\n`],
    ['size is too large', `Log\n3438945738945739845734895735\n${ROOT}\n`],
    ['roothash is not base64', "Log\n123\nThisIsn'tBase64\n"],
    ['roothash of another length', 'Log\n123\nYmFuYW5hcw==\n'],
    // That parser leaves them over; the specification wants lines of extension that are not empty.
    ['trailing newlines', `Log\n9944\n${ROOT}\n\n\n\n`],
  ])('refuses: %s', (_name, text) => {
    expect(parseCheckpoint(text)).toBeUndefined();
  });
});

describe('proof files of transparency-dev/formats', () => {
  const [h1, h2] = ['hash1', 'hash2'].map((text) => Buffer.alloc(32, text));
  const [b1, b2] = [h1?.toString('base64'), h2?.toString('base64')];

  it.each([
    ['without extra data', { index: 5, hashes: [h1, h2], checkpoint: 'test checkpoint\n', extra: null }, `c2sp.org/tlog-proof@v1\nindex 5\n${b1}\n${b2}\n\ntest checkpoint\n`], // prettier-ignore
    ['with extra data', { index: 10, hashes: [h1], checkpoint: 'checkpoint data\n', extra: Buffer.from('extra information') }, `c2sp.org/tlog-proof@v1\nextra ZXh0cmEgaW5mb3JtYXRpb24=\nindex 10\n${b1}\n\ncheckpoint data\n`], // prettier-ignore
    ['with empty hashes', { index: 0, hashes: [], checkpoint: 'checkpoint\n', extra: null }, 'c2sp.org/tlog-proof@v1\nindex 0\n\ncheckpoint\n'], // prettier-ignore
  ])('%s: written and read again', (_name, proof, text) => {
    expect(formatTlogProof(proof as Parameters<typeof formatTlogProof>[0])).toBe(text);
    expect(parseTlogProof(text)).toEqual(proof);
  });

  it.each([
    ['missing header', 'wrong-header\nindex 0\n\ncheckpoint\n'],
    ['invalid extra data encoding', 'c2sp.org/tlog-proof@v1\nextra !!notbase64!!\nindex 0\n\ncheckpoint\n'],
    ['missing index', 'c2sp.org/tlog-proof@v1\n\n\ncheckpoint\n'],
    ['index is not a number', 'c2sp.org/tlog-proof@v1\nindex notanumber\n\ncheckpoint\n'],
    ['index is negative', 'c2sp.org/tlog-proof@v1\nindex -5\n\ncheckpoint\n'],
    ['hash is not base64', 'c2sp.org/tlog-proof@v1\nindex 0\n!!notbase64!!\n\ncheckpoint\n'],
    ['incorrect hash length', `c2sp.org/tlog-proof@v1\nindex 0\n${Buffer.alloc(64).toString('base64')}\n\ncheckpoint\n`], // prettier-ignore
    ['a line without an end', `c2sp.org/tlog-proof@v1\nindex 0\n${'a'.repeat(65 * 1024)}\n`],
  ])('refuses: %s', (_name, text) => {
    expect(parseTlogProof(text)).toBeUndefined();
  });
});
