import { buffer } from 'node:stream/consumers';
import { anAppendItem } from '../../testing/append-item';
import { createTestStore, type TestStore } from '../../testing/test-app';
import { ENGINES } from '../../testing/test-database';
import { parseFilter, type RawFilter, type Sort } from './browse-service';
import { findDay } from './jump-to-day';

const DAYS = 12;
const EACH = 5;

describe.each(ENGINES)('the list on %s', (engine) => {
  let test: TestStore;
  let first: number;

  beforeAll(async () => {
    test = await createTestStore(engine);
    first = ((await test.deps.store.findHead(test.ledger))?.seq ?? 0) + 1;
    const items = Array.from({ length: DAYS * EACH }, (_, at) =>
      anAppendItem(test.ledger, {
        occurredAt: new Date(Date.UTC(2026, 10, 1 + Math.floor(at / EACH), at % EACH)).toISOString(),
        action: at % 2 === 0 ? 'invoice.paid' : 'ticket.opened',
      }),
    );
    await test.deps.store.append(test.ledger, items);
  });
  afterAll(() => test.stop());

  const newer = (raw: RawFilter, seq: number, limit = 100) =>
    test.deps.browse.findNewer(test.ledger, parseFilter(raw), seq, limit);

  it('knows what came after an entry, as far as it matches', async () => {
    const head = first + DAYS * EACH - 1;
    expect(await newer({}, head)).toEqual({ seqs: [], head });
    expect(await newer({}, head - 2)).toEqual({ seqs: [head, head - 1], head });
    expect((await newer({ action: 'invoice.paid' }, head - 4)).seqs).toEqual([head - 1, head - 3]);
    expect((await newer({ action: 'domain.*' }, first)).seqs).toEqual([]);
    expect((await newer({}, 0, 3)).seqs).toEqual([head, head - 1, head - 2]);
  });

  const jump = (day: string, sort: Sort, raw: RawFilter = {}, timeZone = 'UTC') =>
    findDay(test.deps.browse, test.ledger, { filter: parseFilter({ action: 'invoice.paid,ticket.opened', ...raw }), sort, perPage: 4 }, day, timeZone); // prettier-ignore
  const seqOf = (day: number, nth: number) => first + (day - 1) * EACH + nth;

  it.each<[Sort, number, number]>([
    ['-seq', 4, (DAYS - 5) * EACH],
    ['-occurred_at', 4, (DAYS - 5) * EACH],
    ['seq', 0, 4 * EACH],
    ['occurred_at', 0, 4 * EACH],
  ])('jumps to a day in the order %s', async (sort, nth, before) => {
    const page = await jump('2026-11-05', sort);
    expect(page.entries[0]?.seq).toBe(seqOf(5, nth));
    expect([page.from, page.to, page.total, page.totalIsExact]).toEqual([before + 1, before + 4, DAYS * EACH, true]);
    const request = { filter: parseFilter({ action: 'invoice.paid,ticket.opened' }), sort, perPage: 4 };
    const cursor = page.previousCursor ?? '';
    const back = await test.deps.browse.findPage(test.ledger, { ...request, cursor });
    expect(back.entries.at(-1)?.seq).toBe(sort.startsWith('-') ? seqOf(6, 0) : seqOf(4, 4));
  });

  it('takes a day in the zone of the reader', async () => {
    // The fifth of November in Taipei ends at 16:00 UTC, the last entry of the day is of 04:00; in Honolulu it ends later.
    expect((await jump('2026-11-05', '-seq', {}, 'Asia/Taipei')).entries[0]?.seq).toBe(seqOf(5, 4));
    expect((await jump('2026-11-04', '-seq', {}, 'Pacific/Honolulu')).entries[0]?.seq).toBe(seqOf(5, 4));
  });

  it('finds nothing on the far side of what is searched', async () => {
    expect((await jump('2026-10-01', '-seq')).entries).toEqual([]);
    expect((await jump('2026-11-03', '-seq', { after: '2026-11-05' })).entries).toEqual([]);
    await expect(jump('2026-02-30', '-seq')).rejects.toMatchObject({ code: 'bad_filter' });
  });

  it('exports entries that were chosen, in every format', async () => {
    const seqs = [seqOf(3, 1), seqOf(2, 0)];
    const exported = async (format: 'json' | 'ndjson' | 'csv') =>
      (await buffer(test.deps.exports.open({ ledger: test.ledger, filter: parseFilter({}), sort: '-seq', format, seqs }))).toString(); // prettier-ignore
    const wanted = [...seqs].sort((a, b) => a - b);
    expect((JSON.parse(await exported('json')) as { seq: number }[]).map(({ seq }) => seq)).toEqual(wanted);
    expect((await exported('ndjson')).trim().split('\n').map((line) => (JSON.parse(line) as { seq: number }).seq)).toEqual(wanted); // prettier-ignore
    expect((await exported('csv')).trim().split('\r\n').slice(1).map((line) => Number(line.split(',')[0]))).toEqual(wanted); // prettier-ignore
  });
});
