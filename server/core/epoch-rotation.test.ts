import { anEvent, aPlace } from '../testing/builders';
import { readVectors } from '../testing/vectors';
import { hashEntry } from './chain';
import {
  checkValueOf,
  createEpochWatch,
  differingEpochColumns,
  expectedEpoch,
  isValidByProof,
  noticePayload,
  readKeyNotice,
  ROTATION_ACTION,
  type KeyNotice,
  type PlacedNotice,
} from './epoch-rotation';
import { isOlderFormat, parseRecord, sealEvent } from './sealed-record';
import type { StoredEntry } from './stored-entry';

interface RotationInput {
  readonly ledger: string;
  readonly keys: Readonly<Record<string, string>>;
  readonly prev_hash: string;
  readonly entries: readonly { readonly seq: string; readonly epoch: number; readonly record: string }[];
}

const CHECK_VALUES = readVectors<{ key: string }, { check_value: string }>('check-value');
const ROTATIONS = readVectors<RotationInput, { hashes: string[]; fault: string | null }>('rotation');

/** As far as the watch looks at a row. */
function rowOf(entry: RotationInput['entries'][number]): StoredEntry {
  const record = parseRecord(entry.record);
  return { seq: Number(entry.seq), epoch: entry.epoch, action: record?.action, record: entry.record } as StoredEntry;
}

function faultOf(input: RotationInput, { split = -1 } = {}): string | null {
  const findEpochKey = (epoch: number) => (input.keys[epoch] ? Buffer.from(input.keys[epoch], 'hex') : undefined);
  const rows = input.entries.map(rowOf);
  let watch = createEpochWatch({ before: undefined, findEpochKey });
  for (const [at, row] of rows.entries()) {
    if (at === split) watch = createEpochWatch({ before: rows[at - 1], findEpochKey });
    const [fault] = watch.add(row, parseRecord(row.record)?.format);
    if (fault) return `${row.seq} ${fault.kind}`;
  }
  return null;
}

describe('checkValueOf', () => {
  it.each(CHECK_VALUES)('gives the golden check value of $name: $description', ({ input, result }) => {
    expect(checkValueOf(Buffer.from(input.key, 'hex'))).toBe(result.check_value);
  });

  it('gives every golden key another value', () => {
    expect(new Set(CHECK_VALUES.map(({ result }) => result.check_value)).size).toBe(CHECK_VALUES.length);
  });
});

describe('the epochs of entries that follow each other', () => {
  it.each(ROTATIONS)('are judged as the golden case $name: $description', ({ input, result }) => {
    let prevHash = input.prev_hash;
    const hashes = input.entries.map((entry) => {
      const key = Buffer.from(input.keys[entry.epoch] ?? '', 'hex');
      prevHash = hashEntry(key, { ledger: input.ledger, seq: Number(entry.seq), prevHash }, entry.record);
      return prevHash;
    });
    expect(hashes).toEqual(result.hashes);
    expect(faultOf(input)).toBe(result.fault);
  });

  it.each(ROTATIONS)(
    'are judged alike when $name is checked in two ranges, wherever it is cut',
    ({ input, result }) => {
      for (let split = 1; split < input.entries.length; split += 1)
        expect([split, faultOf(input, { split })]).toEqual([split, result.fault]);
    },
  );

  it('need no key to be judged but for whether it is the named one', () => {
    for (const { name, input, result } of ROTATIONS)
      expect([name, faultOf({ ...input, keys: {} })]).toEqual([
        name,
        name === 'names-another-key' ? null : result.fault,
      ]);
  });

  const watchFrom = (row: StoredEntry) => createEpochWatch({ before: row, findEpochKey: () => undefined });
  const [first, second] = (ROTATIONS.find((one) => one.name === 'plain')?.input.entries ?? []).map(rowOf);

  it.each([
    ['sealtrail/0', 'sealtrail/1'],
    ['', 'sealtrail/1'],
  ])('do not go back to the format %j', (older, newer) => {
    const watch = watchFrom(first as StoredEntry);
    expect(watch.add(second as StoredEntry, older)).toEqual([
      { kind: 'content', detail: `the record is of format ${older}, after records of format ${newer}` },
    ]);
  });

  it('have one format, also where a reader knows a newer one', () => {
    const formats = ['sealtrail/1', 'sealtrail/2'];
    expect([isOlderFormat('sealtrail/1', 'sealtrail/2', formats), isOlderFormat('sealtrail/2', 'sealtrail/1', formats)]).toEqual([true, false]); // prettier-ignore
    const watch = watchFrom(first as StoredEntry);
    watch.add(second as StoredEntry, undefined);
    expect(watch.add(second as StoredEntry, 'sealtrail/1')).toEqual([]);
  });

  it('are not compared over a hole, but for their order', () => {
    const rows = (ROTATIONS.find((one) => one.name === 'twice')?.input.entries ?? []).map(rowOf);
    const watch = watchFrom(rows[0] as StoredEntry);
    watch.skip();
    expect(watch.add(rows[3] as StoredEntry, 'sealtrail/1')).toEqual([]);
    watch.skip();
    expect(watch.add(rows[1] as StoredEntry, 'sealtrail/1')).toEqual([expect.objectContaining({ kind: 'linkage' })]);
  });

  it('are read from the record where only the column was changed: that is its own finding', () => {
    const rows = (ROTATIONS.find((one) => one.name === 'plain')?.input.entries ?? []).map(rowOf);
    for (const [at, epoch] of [
      [1, 2],
      [3, 1],
      [4, 1],
      [2, 9],
    ] as const) {
      const watch = watchFrom(rows[0] as StoredEntry);
      const faults = rows.slice(1).flatMap((row, i) => watch.add(i + 1 === at ? { ...row, epoch } : row, 'sealtrail/1')); // prettier-ignore
      expect([at, faults]).toEqual([at, []]);
    }
  });
});

describe('what the ledger says about its keys', () => {
  const recordOf = (payload: ReturnType<typeof noticePayload>, kind: 'own' | 'hook' = 'own') =>
    parseRecord(sealEvent(anEvent({ action: ROTATION_ACTION, payload, source: { kind } }), aPlace(), Buffer.alloc(64)).record); // prettier-ignore

  it.each<KeyNotice>([
    { phase: 'closed', fromEpoch: 1, toEpoch: 2, checkValue: 'a'.repeat(16) },
    { phase: 'opened', fromEpoch: 1, toEpoch: 2, checkValue: 'a'.repeat(16), recordFormat: 'sealtrail/1' },
    { phase: 'retired', epoch: 1, firstSeq: 1, lastSeq: 5 },
  ])('comes back from the record: $phase', (notice) => {
    expect(readKeyNotice(recordOf(noticePayload(notice, 'default')))).toEqual(notice);
    expect(readKeyNotice(recordOf(noticePayload(notice, 'default'), 'hook'))).toBeUndefined();
  });

  const notices: PlacedNotice[] = [
    { phase: 'closed', fromEpoch: 1, toEpoch: 2, checkValue: 'a'.repeat(16), seq: 5 },
    { phase: 'closed', fromEpoch: 2, toEpoch: 3, checkValue: 'b'.repeat(16), seq: 9 },
    { phase: 'retired', epoch: 1, firstSeq: 1, lastSeq: 5, seq: 11 },
  ];

  it('says what must stand in the rows of the epochs', () => {
    const row = (epoch: number, checkValue: string | null, openedSeq: number, closedSeq: number | null, isRetired = false) => ({ epoch, checkValue, openedSeq, closedSeq, isRetired }); // prettier-ignore
    expect(expectedEpoch(1, notices)).toEqual(row(1, null, 1, 5, true));
    expect(expectedEpoch(2, notices)).toEqual(row(2, 'a'.repeat(16), 6, 9));
    expect(expectedEpoch(3, notices)).toEqual(row(3, 'b'.repeat(16), 10, null));
    expect(expectedEpoch(4, notices)).toBeUndefined();
    const second = row(2, 'a'.repeat(16), 6, 9);
    expect(differingEpochColumns({ ...second, checkValue: null }, second)).toEqual([]);
    expect(differingEpochColumns(row(2, 'c'.repeat(16), 7, null, true), second)).toEqual(['check_value', 'opened_seq', 'closed_seq', 'retired_at']); // prettier-ignore
  });
});

describe('isValidByProof', () => {
  const rule = { retiredEpochs: [1], provenSize: 10 };

  it.each([
    [{ epoch: 1, seq: 10 }, true],
    [{ epoch: 1, seq: 11 }, false],
    [{ epoch: 2, seq: 5 }, false],
  ])('of %j is %s', (entry, valid) => {
    expect(isValidByProof(entry, rule)).toBe(valid);
    expect(isValidByProof(entry, { ...rule, provenSize: 0 })).toBe(false);
  });
});
