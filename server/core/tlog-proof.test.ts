import { readVectors } from '../testing/vectors';
import { leafHash } from './merkle';
import { formatTlogProof, originOf, parseTlogProof, verifyTlogProof } from './tlog-proof';

const PROOFS = readVectors<
  { proof: string; record: string; vkeys: string[] },
  { fault?: string; index?: number; size?: number }
>('tlog-proof');

const HASH = Buffer.alloc(32, 3);

describe('a proof file', () => {
  it.each(PROOFS)('is judged, $name: $description', ({ input, result }) => {
    const proof = parseTlogProof(input.proof);
    const check = proof
      ? verifyTlogProof(proof, leafHash(input.record), input.vkeys)
      : { ok: false as const, fault: 'malformed' };
    if (check.ok) expect([proof?.index, check.checkpoint.size]).toEqual([result.index, result.size]);
    else expect(check.fault).toBe(result.fault);
  });

  it.each(PROOFS.filter(({ result }) => result.fault !== 'malformed'))(
    'is written as it was read, $name',
    ({ input }) => {
      const proof = parseTlogProof(input.proof);
      expect(proof && formatTlogProof(proof)).toBe(input.proof);
    },
  );

  it.each([
    [
      'without extra bytes',
      { index: 5, hashes: [HASH, HASH], checkpoint: 'test checkpoint\n', extra: null },
      `c2sp.org/tlog-proof@v1\nindex 5\n${HASH.toString('base64')}\n${HASH.toString('base64')}\n\ntest checkpoint\n`,
    ],
    [
      'with extra bytes',
      { index: 10, hashes: [HASH], checkpoint: 'checkpoint data\n', extra: Buffer.from('extra information') },
      `c2sp.org/tlog-proof@v1\nextra ZXh0cmEgaW5mb3JtYXRpb24=\nindex 10\n${HASH.toString('base64')}\n\ncheckpoint data\n`,
    ],
    [
      'of the only entry',
      { index: 0, hashes: [], checkpoint: 'checkpoint\n', extra: null },
      'c2sp.org/tlog-proof@v1\nindex 0\n\ncheckpoint\n',
    ],
  ])('is written %s', (_name, proof, text) => {
    expect(formatTlogProof(proof)).toBe(text);
    expect(parseTlogProof(text)).toEqual(proof);
  });

  it('names its log before anything is believed', () => {
    const origins = PROOFS.filter(({ name }) => name === 'unknown-log').map(({ input }) => {
      const proof = parseTlogProof(input.proof);
      return proof && originOf(proof);
    });
    expect(origins).toEqual(['sealtrail/0193b2e4-aaaa-7000-8000-000000000001/default']);
  });

  it('with more hashes than any tree has is none', () => {
    const text = formatTlogProof({ index: 0, hashes: Array<Buffer>(64).fill(HASH), checkpoint: 'x\n', extra: null });
    expect(parseTlogProof(text)).toBeUndefined();
  });
});
