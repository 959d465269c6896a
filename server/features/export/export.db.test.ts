import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { anAppendItem } from '../../testing/append-item';
import { runProgram } from '../../testing/built-server';
import { throughLibreOffice } from '../../testing/libre-office';
import { createTestStore, type TestStore } from '../../testing/test-app';
import { ENGINES } from '../../testing/test-database';
import { parseFilter, type EntryView, type RawFilter } from '../browse/browse-service';
import { EXPORT_COLUMNS } from './export-columns';
import { createExportService, exportFileName, type ExportFormat } from './export-service';

const FORMULAS = ['=1+1', '+1+1', '-1+1', '@SUM(1,1)', '=HYPERLINK("http://evil.example","click")', `=cmd|' /C calc'!A0`, '\t=1+1', '\r=1+1', '\n=1+1', ' =1+1', '＝1+1', '|cmd', '%1', '=1+1;2', "'=1+1", '"=1+1"', '=1,"2"', '-2+3+cmd|x', '\u0000=1+1', '\ufeff=1+1']; // prettier-ignore
const TEXTS = [
  '审计日志，发票',
  '繁體中文',
  '𠮷😀',
  'a,b',
  'say "hi"',
  'one\ntwo',
  'one\r\ntwo',
  '',
  ' spaces ',
  'semi;colon',
  "it's",
  '00123',
  '1e5',
  '2026-11-21',
  'TRUE',
];

let test: TestStore;

/** With its byte order mark, which a text decoder would swallow. */
async function exported(format: ExportFormat, filter: RawFilter = {}): Promise<string> {
  const stream = test.deps.exports.open({ ledger: test.ledger, filter: parseFilter(filter), sort: 'seq', format });
  return (await buffer(stream)).toString('utf8');
}

/** RFC 4180, to the letter. */
function parseCsv(csv: string): string[][] {
  const rows: string[][] = [[]];
  let at = 0;
  while (at < csv.length) {
    let cell = '';
    if (csv[at] === '"') {
      for (at += 1; ; at += 1) {
        if (csv[at] === undefined) throw new Error('a quoted cell without end');
        if (csv[at] !== '"') cell += csv[at];
        else if (csv[at + 1] === '"') {
          cell += '"';
          at += 1;
        } else break;
      }
      at += 1;
    } else {
      while (at < csv.length && csv[at] !== ',' && csv[at] !== '\r') {
        if (csv[at] === '"' || csv[at] === '\n') throw new Error(`a bare ${JSON.stringify(csv[at])} at ${at}`);
        cell += csv[at];
        at += 1;
      }
    }
    rows.at(-1)?.push(cell);
    if (csv[at] === ',') at += 1;
    else if (csv.slice(at, at + 2) === '\r\n') {
      at += 2;
      if (at < csv.length) rows.push([]);
    } else if (at < csv.length) throw new Error(`no end of line at ${at}: ${JSON.stringify(csv.slice(at, at + 10))}`);
  }
  return rows;
}

describe.each(ENGINES)('the export on %s', (engine) => {
  beforeAll(async () => {
    test = await createTestStore(engine);
    const items = [...FORMULAS, ...TEXTS].map((value) =>
      anAppendItem(test.ledger, {
        actor: { type: 'admin', id: value || null, name: value || null, role: value, actingAs: value },
        target: { type: 'invoice', id: value || null, label: value || null },
        client: value || null,
        ip: null,
        userAgent: value || null,
        reason: value || null,
        changes: [{ field: value, before: value, after: value }],
        payload: { [value]: value },
      }),
    );
    await test.deps.store.append(test.ledger, items);
  });
  afterAll(async () => {
    await test.stop();
  });

  it('writes CSV as RFC 4180 has it, with a byte order mark and CRLF', async () => {
    const csv = await exported('csv');
    expect([...Buffer.from(csv).subarray(0, 3)]).toEqual([0xef, 0xbb, 0xbf]);
    expect(csv.endsWith('\r\n')).toBe(true);
    const rows = parseCsv(csv.slice(1));
    expect(rows[0]).toEqual(EXPORT_COLUMNS.map((column) => column.name));
    expect(rows).toHaveLength(2 + FORMULAS.length + TEXTS.length);
    expect(rows.filter((row) => row.length !== EXPORT_COLUMNS.length)).toEqual([]);
    for (const name of ['hash', 'prev_hash', 'chain_status']) expect(rows[0]).toContain(name);
  });

  it('leaves no cell that begins as a formula does, and loses no character', async () => {
    const rows = parseCsv((await exported('csv')).slice(1));
    const entries = JSON.parse(await exported('json')) as EntryView[];
    for (const [at, row] of rows.slice(1).entries()) {
      for (const [column, cell] of row.entries()) {
        expect(cell.replaceAll('\u0000', '')).not.toMatch(/^\s*[=+\-@|%＝＋－＠]/);
        const wanted = EXPORT_COLUMNS[column]?.cell(entries[at] as EntryView) ?? '';
        expect(["'" + wanted, wanted]).toContain(cell);
      }
    }
  });

  it('is text to a real LibreOffice, cell by cell', async () => {
    const csv = await exported('csv');
    const { cells, formulas } = await throughLibreOffice(csv, EXPORT_COLUMNS.length);
    expect(formulas).toBe(0);
    const rows = parseCsv(csv.slice(1));
    const at = (name: string) => EXPORT_COLUMNS.findIndex((column) => column.name === name);
    // What a spreadsheet cannot hold (NUL), or shows in its own way (CR, numbers, dates), is not ours to tell.
    const isShownOtherwise = (cell: string) => cell.includes('\u0000') || /\r|^[\dTe-]+$|^TRUE$/.test(cell);
    const shown = (cell: string) => cell.replace(/\r\n?/g, '\n');
    for (const [index, row] of rows.entries()) {
      for (const name of ['actor_name', 'target_label', 'reason', 'user_agent', 'payload', 'changes']) {
        if (isShownOtherwise(row[at(name)] ?? '')) continue;
        expect([index, name, cells[index]?.[at(name)]]).toEqual([index, name, shown(row[at(name)] ?? '')]);
      }
    }
  });

  it('gives in JSON and NDJSON what the pages of the API give', async () => {
    const listed: EntryView[] = [];
    let cursor: string | undefined;
    do {
      const page = await test.deps.browse.findPage(test.ledger, {
        filter: parseFilter({}),
        sort: 'seq',
        perPage: 20,
        cursor,
      });
      listed.push(...page.entries);
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    expect(JSON.parse(await exported('json'))).toEqual(listed);
    const lines = (await exported('ndjson')).split('\n');
    expect(lines.pop()).toBe('');
    expect(lines.map((line) => JSON.parse(line) as EntryView)).toEqual(listed);
  });

  it('holds what the filter asks for, and is well-formed when that is nothing', async () => {
    const filter = { target: 'invoice:00123' };
    expect((JSON.parse(await exported('json', filter)) as EntryView[]).map((entry) => entry.target.id)).toEqual([
      '00123',
    ]);
    expect(parseCsv((await exported('csv', filter)).slice(1))).toHaveLength(2);
    expect(JSON.parse(await exported('json', { hook: 'Nothing' }))).toEqual([]);
    expect(await exported('ndjson', { hook: 'Nothing' })).toBe('');
    expect(parseCsv((await exported('csv', { hook: 'Nothing' })).slice(1))).toHaveLength(1);
  });

  it('has a name that says when, in UTC', () => {
    expect(exportFileName(new Date('2026-11-21T23:05:59.999Z'), 'csv')).toBe('sealtrail-audit-2026-11-21-2305.csv');
  });
});

describe.each(ENGINES)('an export of 20,000 entries on %s', (engine) => {
  const COUNT = 20_000;

  beforeAll(async () => {
    test = await createTestStore(engine);
    for (let at = 0; at < COUNT; at += 1_000) {
      const items = Array.from({ length: 1_000 }, (_, i) => anAppendItem(test.ledger, { target: { type: 'invoice', id: String(at + i), label: null }, payload: { invoiceid: at + i, notes: '审计'.repeat(500) } })); // prettier-ignore
      await test.deps.store.append(test.ledger, items);
    }
  });
  afterAll(() => test.stop());

  it('reads no further ahead than a few pages of what its reader took', async () => {
    let read = 0;
    let taken = 0;
    let ahead = 0;
    const { browse } = test.deps;
    const exports = createExportService({
      browse: {
        ...browse,
        async *streamEntries(...args) {
          for await (const page of browse.streamEntries(...args)) {
            read += page.length;
            ahead = Math.max(ahead, read - taken);
            yield page;
          }
        },
      },
    });
    const reader = new Writable({
      write(chunk: Buffer, _encoding, done) {
        taken += chunk.toString().split('\n').length - 1;
        setImmediate(done);
      },
    });
    await pipeline(exports.open({ ledger: test.ledger, filter: parseFilter({}), sort: 'seq', format: 'csv' }), reader);
    expect([read, taken]).toEqual([COUNT + 1, COUNT + 2]);
    expect(ahead).toBeLessThanOrEqual(1_500);
  });

  it('needs no more memory than a small heap, and writes every entry once', async () => {
    const file = path.join(test.config.dataDir, 'all.ndjson');
    const result = await runProgram(['export', '--format', 'ndjson', '--output', file, '--json'], {
      env: test.env,
      nodeArgs: ['--max-old-space-size=64'],
    });
    expect(result).toMatchObject({ code: 0, stdout: `${JSON.stringify({ output: file })}\n` });
    const content = readFileSync(file, 'utf8');
    expect(content.length).toBeGreaterThan(20 * 1024 * 1024);
    const seqs = content.trimEnd().split('\n').map((line) => (JSON.parse(line) as EntryView).seq); // prettier-ignore
    // The export itself is an entry too; whether it holds itself depends on when it was read.
    expect(seqs.slice(0, COUNT + 1)).toEqual(Array.from({ length: COUNT + 1 }, (_, i) => i + 1));
  });

  it('ends its reading when the reader goes away', async () => {
    const stream = test.deps.exports.open({
      ledger: test.ledger,
      filter: parseFilter({}),
      sort: 'seq',
      format: 'ndjson',
    });
    for await (const chunk of stream) {
      expect(String(chunk)).toContain('"seq":1,');
      break;
    }
    expect(stream.destroyed).toBe(true);
  });

  it('counts more than it counts exactly as "at least"', async () => {
    const page = await test.deps.browse.findPage(test.ledger, {
      filter: parseFilter({ hook: 'InvoicePaid' }),
      sort: '-seq',
      perPage: 10,
    });
    expect([page.total, page.totalIsExact]).toEqual([10_000, false]);
    expect(page.nextCursor).not.toBeNull();
    const all = await test.deps.browse.findPage(test.ledger, { filter: parseFilter({}), sort: '-seq', perPage: 10 });
    expect(all.totalIsExact).toBe(true);
    expect(all.total).toBeGreaterThan(COUNT);
  });
});
