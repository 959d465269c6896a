import { formatCheckpoint } from '../core/checkpoint';
import { cosign } from '../core/cosignature';
import { leafHash, rootOfLeaves } from '../core/merkle';
import { COSIGNATURE, formatVkey, keyOf } from '../core/note-key';
import { signatureLine, signNote } from '../core/signed-note';
import { formatTlogProof } from '../core/tlog-proof';
import { checkProof } from './check-proof';

const ORIGIN = 'sealtrail/0193b2e4-aaaa-7000-8000-000000000001/default';
const LOG = { name: ORIGIN, seed: Buffer.alloc(32, 1) };
const WITNESS = { name: 'witness.example/w', seed: Buffer.alloc(32, 2) };
const VKEY = formatVkey(keyOf(LOG));
const RECORDS = [1, 2].map((seq) => JSON.stringify({ ledger: 'default', seq: String(seq) }));
const [FIRST = '', SECOND = ''] = RECORDS;

function aProof(records = RECORDS, extra: string | null = records[0] ?? null): string {
  const [first, second] = records.map(leafHash) as [Buffer, Buffer];
  const text = formatCheckpoint({ origin: ORIGIN, size: 2, root: rootOfLeaves([first, second]) });
  const checkpoint = signNote(text, LOG) + signatureLine(cosign(text, WITNESS, 1_795_219_200));
  return formatTlogProof({ index: 0, hashes: [second], checkpoint, extra: extra === null ? null : Buffer.from(extra) });
}

describe('checkProof', () => {
  it('says what is proved, by the record in the file', () => {
    const vkeys = [VKEY, formatVkey(keyOf(WITNESS, COSIGNATURE))];
    expect(checkProof({ proof: aProof(), record: undefined, vkeys })).toMatchObject({
      ok: true,
      seq: 1,
      size: 2,
      origin: ORIGIN,
      record: FIRST,
      lines: [
        `✅ entry 1 of 2 is in the log ${ORIGIN}`,
        `   signed by ${ORIGIN}`,
        '   signed by witness.example/w at 2026-11-21T00:00:00Z',
        FIRST,
      ],
    });
  });

  it.each([FIRST, `${FIRST}\n`])('takes a record that is given: %j', (record) => {
    expect(checkProof({ proof: aProof(RECORDS, null), record, vkeys: [VKEY] }).ok).toBe(true);
  });

  it.each([
    ['a file that is none', { proof: 'hello' }, 'malformed'],
    ['no record', { proof: aProof(RECORDS, null) }, 'no_record'],
    ['another record', { record: SECOND }, 'not_included'],
    ['a record that was changed', { record: FIRST.replace('1', '3') }, 'not_included'],
    ['extra bytes that were changed', { proof: aProof(RECORDS, SECOND) }, 'not_included'],
    ['another size', { proof: aProof().replace('\n2\n', '\n3\n') }, 'bad_signature'],
    ['a key that did not sign', { vkeys: [formatVkey(keyOf({ ...LOG, seed: WITNESS.seed }))] }, 'no_known_key'],
    ['a record that names another number', { proof: aProof([SECOND, FIRST]) }, 'wrong_place'],
    ['a record of another ledger', { proof: aProof([FIRST.replace('default', 'other'), SECOND]) }, 'wrong_place'],
  ])('refuses %s', (_name, part, fault) => {
    expect(checkProof({ proof: aProof(), record: undefined, vkeys: [VKEY], ...part })).toMatchObject({
      ok: false,
      fault,
    });
  });
});
