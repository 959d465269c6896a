import { anAppendItem, type AppendItemOptions } from '../../testing/append-item';
import { createRandom } from '../../testing/random';
import { createTestStore, type TestStore } from '../../testing/test-app';
import { ENGINES } from '../../testing/test-database';
import type { Receipt } from '../../entries/entry-store';
import { ALL_ACTIONS } from '../../core/action-catalogue';
import { parseFilter, type RawFilter, type Sort } from './browse-service';
import { TOTAL_CAP } from './entry-search';

/** Two blocks of the index, and some that are in none yet. */
const ENTRIES = 18_000;
const QUERIES = 300;
const SORTS: readonly Sort[] = ['-seq', 'seq', '-occurred_at', 'occurred_at'];
const START = Date.parse('2026-10-20T00:00:00.000Z');
const DAY_MS = 86_400_000;

const WORDS = [
  'alpha',
  'beta',
  'gamma',
  'delta',
  'refund',
  'invoice',
  'hosting',
  'server42',
  'Größe',
  'naïve',
  'snake_case',
  '100',
];
const CHINESE = ['审计日志', '发票退款', '客户资料', '域名转移', '繁體中文', '管理員', '改'];
const NAMES = ['Jane Doe', 'jane smith', '张伟', 'O’Brien', "O'Brien", 'root', null];
const IPS = ['203.0.113.42', '203.0.113.4', '198.51.100.7', '2001:db8::1', null];
const ACTORS = [
  'admin:7',
  'admin:70',
  'admin:%',
  'admin:_',
  'client:5',
  "client:5' OR '1'='1",
  'user:x:y',
  'system',
  'unknown',
  'api:key\\1',
];
const CLIENTS = ['5', '55', '%', '_', null];
const HOOKS = ['InvoicePaid', 'ClientEdit', 'AdminLogin', null];
const VIAS = ['ui', 'api', 'cron', null] as const;
const ACTIONS = ['invoice.paid', 'invoice.refunded', 'invoice.payment_applied', 'client.updated', 'client.deleted', 'admin.login', 'admin.login_failed', 'domain.dns_changed', 'ticket.opened', 'service.suspended']; // prettier-ignore
const OUTCOMES = ['success', 'failure', 'denied', 'unknown'] as const;

/** An entry as the test itself knows it: what the brute-force search looks at. */
interface Known {
  readonly seq: number;
  readonly hash: string;
  readonly occurredAt: number;
  readonly category: string;
  readonly severity: string;
  readonly action: string;
  readonly outcome: string;
  readonly actorType: string;
  readonly actorId: string | null;
  readonly actorName: string | null;
  readonly targetType: string;
  readonly targetId: string | null;
  readonly client: string | null;
  readonly via: string | null;
  readonly hook: string | null;
  readonly ip: string | null;
  readonly isBroken: boolean;
  /** Every word that free text looks into. */
  readonly words: readonly string[];
  readonly nameWords: readonly string[];
}

let test: TestStore;
let known: Known[];

describe.each(ENGINES)('the search on %s', (engine) => {
  beforeAll(async () => {
    test = await createTestStore(engine);
    known = await fill(test);
  }, 400_000);
  afterAll(() => test.stop());

  describe('finds what looking at every entry finds', () => {
    const random = createRandom(engine.length);
    const requests = Array.from({ length: QUERIES }, () => randomRequest(random));

    it.each(chunked(requests, 25).map((some, i) => [i * 25 + 1, some] as const))('requests from %i', async (_from, some) => {
      for (const request of some) await compare(request);
    }); // prettier-ignore

    it('and asks for something in most of them', () => {
      const sizes = requests.map(({ filter }) => bruteForce(withHashes(filter), '-seq').length);
      expect(sizes.filter((size) => size > 0).length).toBeGreaterThan(QUERIES / 2);
      expect(sizes.filter((size) => size > 0 && size < ENTRIES).length).toBeGreaterThan(QUERIES / 3);
    });

    it.each<[string, RawFilter]>([
      ['nothing asked', {}],
      ['any category', { category: 'financial,clients' }],
      ['no category', { category: '!financial,!clients' }],
      ['both at once', { category: 'financial,clients,!clients' }],
      ['a severity', { severity: 'critical' }],
      ['a wildcard', { action: 'invoice.*' }],
      ['a wildcard in the middle', { action: '*.login*' }],
      ['not a wildcard', { action: '!invoice.*' }],
      ['an action that is none', { action: 'nothing.*' }],
      ['a type of actor', { actor: 'admin' }],
      ['not a type of actor', { actor: '!admin' }],
      ['actor ids with colons', { actor: 'user:x:y' }],
      ['a type of target', { target: 'invoice' }],
      ['types of target', { target: 'invoice,client:5' }],
      ['not a target', { target: '!invoice' }],
      ['outcomes', { outcome: '!success' }],
      ['no via', { via: '!ui' }],
      ['no hook', { hook: '!InvoicePaid' }],
      ['a client and what is not', { client: '5,55,!55' }],
      ['two words', { q: 'alpha refund' }],
      ['a word in capitals', { q: 'REFUND' }],
      ['an accented word', { q: 'größe' }],
      ['one Chinese character', { q: '改' }],
      ['two Chinese characters', { q: '退款' }],
      ['a Chinese phrase and a word', { q: '发票退款 alpha' }],
      ['traditional Chinese', { q: '繁體' }],
      ['a name', { actor_name: 'jane' }],
      ['a whole name', { actor_name: 'Jane Doe' }],
      ['a Chinese name', { actor_name: '张伟' }],
      ['an address', { ip: '203.0.113.4' }],
      ['two addresses', { ip: '203.0.113.4,2001:db8::1' }],
      ['not an address', { ip: '!203.0.113.4' }],
      ['the beginning of a word', { q: 'ref' }],
      ['one letter', { q: 'a' }],
      ['the beginning of a word and of the name of a field', { q: 'i' }],
      ['the name of a field', { q: 'ip' }],
      ['the name of another field', { q: 'name' }],
      ['beginnings of two words', { q: 'al ref' }],
      ['a word and not another', { q: 'alpha !refund' }],
      ['no word', { q: '!alpha' }],
      ['any of two words', { q: 'alpha, beta' }],
      ['alternatives without a word', { q: 'alpha, beta !invoice, !gamma' }],
      ['the beginning of a name', { actor_name: 'ja' }],
      ['not a name', { actor_name: '!jane' }],
      ['another ledger', { ledger: 'other' }],
      ['an address of IPv6', { ip: '2001:DB8::1' }],
      ['whole days', { after: '2026-11-01', before: '2026-11-08' }],
      ['an empty range', { after: '2026-11-01', before: '2026-11-01' }],
      ['parts of days', { after: '2026-11-01T07:30:00Z', before: '2026-11-01T19:30:00+02:00' }],
      ['since', { after: '2026-11-10' }],
      ['until', { before: '2026-10-25T12:00' }],
      ['what verified', { status: 'valid' }],
      ['what did not', { status: 'broken' }],
      ['what did not, of a category', { status: 'broken', category: 'financial' }],
    ])('%s', async (_name, filter) => {
      for (const sort of SORTS) await compare({ filter, sort, perPage: 100 });
    });

    it('by the first digits of a hash', async () => {
      const one = known[1234] as Known;
      for (const digits of [8, 12, 64])
        await compare({ filter: { hash: one.hash.slice(0, digits) }, sort: '-seq', perPage: 20 });
      await compare({ filter: { hash: one.hash.slice(0, 8).toUpperCase() }, sort: '-seq', perPage: 20 });
      await compare({ filter: { hash: 'f'.repeat(64) }, sort: '-seq', perPage: 20 });
    });
  });

  it.each<keyof RawFilter>(['action', 'actor', 'target', 'client', 'hook', 'q', 'actor_name', 'ip'])('takes %s by the letter, whatever SQL would read in it', async (name) => {
    for (const evil of ['%', '_', '%%', "'", '"', '\\', "' OR '1'='1", "'; DROP TABLE entries; --", '?', ':x', '??', '$1', '`', '\u0000', '*/']) {
      const typed = name === 'actor' ? `client:${evil}` : name === 'target' ? `invoice:${evil}` : evil;
      await compare({ filter: { [name]: typed }, sort: '-seq', perPage: 20 });
      await compare({ filter: { [name]: `!${typed}` }, sort: 'seq', perPage: 20 });
    }
    expect(await test.deps.store.findLastSeq(test.ledger)).toBe(known.length);
  }); // prettier-ignore

  it('finds an entry by the kind of its target, also where its action usually has another', async () => {
    const item = anAppendItem(test.ledger, {
      action: 'backup.created',
      target: { type: 'automation', id: 'Backup', label: null },
    });
    const seq = (await test.deps.store.append(test.ledger, [item]))[0]?.receipts[0]?.seq;
    try {
      const { entries } = await find({ filter: { target: 'automation' }, sort: '-seq', perPage: 20 });
      expect(entries.map((entry) => entry.seq)).toEqual([seq]);
    } finally {
      known = [
        ...known,
        {
          ...(known[0] as Known),
          seq: seq ?? 0,
          action: 'backup.created',
          category: 'modules',
          targetType: 'automation',
          words: [],
          nameWords: [],
        },
      ];
    }
  });

  describe('pages', () => {
    it.each(SORTS)('forth and back in the order of %s show every entry once', async (sort) => {
      const filter: RawFilter = { category: 'financial,clients', severity: '!critical' };
      const wanted = bruteForce(filter, sort).map((one) => one.seq);
      const pages: { seqs: number[]; from: number; to: number; previous: string | null }[] = [];
      let cursor: string | undefined;
      do {
        const page = await find({ filter, sort, perPage: 97, cursor });
        pages.push({
          seqs: page.entries.map((entry) => entry.seq),
          from: page.from,
          to: page.to,
          previous: page.previousCursor,
        });
        cursor = page.nextCursor ?? undefined;
      } while (cursor !== undefined);
      expect(pages.flatMap((page) => page.seqs)).toEqual(wanted);
      expect(pages.map((page) => page.from)).toEqual(pages.map((_, i) => i * 97 + 1));
      expect(pages[0]?.previous).toBeNull();

      const back: number[][] = [];
      let previous = pages.at(-1)?.previous ?? undefined;
      while (previous !== undefined) {
        const page = await find({ filter, sort, perPage: 97, cursor: previous });
        back.unshift(page.entries.map((entry) => entry.seq));
        previous = page.previousCursor ?? undefined;
      }
      expect(back).toEqual(pages.slice(0, -1).map((page) => page.seqs));
    });

    it('by number are the same as by cursor, and end where the matches end', async () => {
      const filter: RawFilter = { outcome: 'failure,denied' };
      const wanted = bruteForce(filter, '-seq').map((one) => one.seq);
      const pages = Math.ceil(wanted.length / 50);
      for (const page of [1, 2, pages]) {
        const found = await find({ filter, sort: '-seq', perPage: 50, page });
        expect(found.entries.map((entry) => entry.seq)).toEqual(wanted.slice((page - 1) * 50, page * 50));
        expect([found.total, found.totalIsExact, found.pages]).toEqual([wanted.length, true, pages]);
      }
      const beyond = await find({ filter, sort: '-seq', perPage: 50, page: pages + 1 });
      expect([beyond.entries, beyond.from, beyond.to, beyond.nextCursor]).toEqual([[], 0, 0, null]);
    });

    it('stay in their place while new entries come', async () => {
      const filter: RawFilter = { category: 'financial' };
      const first = await find({ filter, sort: '-seq', perPage: 10 });
      const item = anAppendItem(test.ledger, { action: 'invoice.paid', occurredAt: new Date(START).toISOString() });
      const [result] = await test.deps.store.append(test.ledger, [item]);
      const second = await find({ filter, sort: '-seq', perPage: 10, cursor: first.nextCursor ?? '' });
      expect(second.entries.map((entry) => entry.seq)).toEqual(bruteForce(filter, '-seq').slice(10, 20).map((one) => one.seq)); // prettier-ignore
      const back = await find({ filter, sort: '-seq', perPage: 10, cursor: second.previousCursor ?? '' });
      expect(back.entries).toEqual(first.entries);
      known = [
        ...known,
        { ...(known.find((one) => one.action === 'invoice.paid') as Known), seq: result?.receipts[0]?.seq ?? 0 },
      ];
    });

    it.each([
      ['nothing', ''],
      ['no cursor', 'x'],
      ['JSON of another shape', Buffer.from('{"a":1}').toString('base64url')],
      ['SQL', Buffer.from(`["next","1 OR 1=1",0,0,"-seq"]`).toString('base64url')],
      ['a negative place', Buffer.from('["next",-1,0,0,"-seq"]').toString('base64url')],
      ['a broken number', Buffer.from('["next",1e999,0,0,"-seq"]').toString('base64url')],
      ['another order', Buffer.from('["next",1,0,0,"seq"]').toString('base64url')],
      ['half of one', Buffer.from('["next",1,0,0,"-seq"]').toString('base64url').slice(0, 9)],
    ])('refuse a cursor that is %s', async (_name, cursor) => {
      await expect(find({ filter: {}, sort: '-seq', perPage: 20, cursor })).rejects.toMatchObject({
        code: 'bad_cursor',
      });
    });

    it('refuse a page further than totals are counted', async () => {
      await expect(find({ filter: {}, sort: '-seq', perPage: 100, page: 101 })).rejects.toMatchObject({
        code: 'bad_cursor',
      });
      await expect(
        find({ filter: {}, sort: '-seq', perPage: 100, page: Number.MAX_SAFE_INTEGER }),
      ).rejects.toMatchObject({ code: 'bad_cursor' });
    });
  });

  it.each<[keyof RawFilter, string]>([
    ['after', '2026-13-01'], ['after', '2026-02-30'], ['after', 'yesterday'], ['after', '2026-11-21 08:00'], ['before', '21.11.2026'], ['before', '2026-11-21T25:00:00Z'], ['before', `2026-11-21' OR 1=1`],
    ['category', 'money'], ['severity', 'CRITICAL'], ['outcome', 'perhaps'], ['via', 'fax'], ['actor', 'ghost:7'], ['target', 'No Type'], ['hash', 'abc'], ['hash', 'zzzzzzzz'], ['hash', `${'a'.repeat(65)}`], ['status', 'unsure'], ['ip', 'x'.repeat(65)],
    ['q', 'x'.repeat(201)], ['action', Array.from({ length: 51 }, (_, i) => `a${i}`).join(',')],
  ])('refuses %s=%s as no filter', (name, value) => {
    expect(() => parseFilter({ [name]: value })).toThrow(expect.objectContaining({ code: 'bad_filter', detail: expect.stringContaining(name) }) as Error);
  }); // prettier-ignore
});

interface Request {
  readonly filter: RawFilter;
  readonly sort: Sort;
  readonly perPage: number;
  readonly page?: number | undefined;
  readonly cursor?: string | undefined;
}

function find({ filter, ...rest }: Request) {
  return test.deps.browse.findPage(test.ledger, { filter: parseFilter(filter), ...rest });
}

/** One page, and the one after it by its cursor, against the brute-force answer. */
async function compare(asked: Request): Promise<void> {
  const request = { ...asked, filter: withHashes(asked.filter) };
  const wanted = bruteForce(request.filter, request.sort);
  const start = ((request.page ?? 1) - 1) * request.perPage;
  const page = await find(request);
  const said = { request: JSON.stringify(request), seqs: page.entries.map((entry) => entry.seq), total: page.total };
  expect(said).toEqual({
    request: JSON.stringify(request),
    seqs: wanted.slice(start, start + request.perPage).map((one) => one.seq),
    total: page.totalIsExact ? wanted.length : TOTAL_CAP,
  });
  expect([page.totalIsExact || wanted.length > TOTAL_CAP, page.unindexed]).toEqual([true, undefined]);
  expect(page.nextCursor === null).toBe(start + request.perPage >= wanted.length);
  if (page.nextCursor === null) return;
  const next = await find({ ...request, page: undefined, cursor: page.nextCursor });
  const after = start + request.perPage;
  expect({ request, seqs: next.entries.map((entry) => entry.seq) }).toEqual({ request, seqs: wanted.slice(after, after + request.perPage).map((one) => one.seq) }); // prettier-ignore
  const back = await find({ ...request, page: undefined, cursor: next.previousCursor ?? '' });
  expect({ request, seqs: back.entries.map((entry) => entry.seq) }).toEqual({ request, seqs: said.seqs });
}

/** `#7` stands for the hash of the entry at place 7, which is not known before there are entries. */
function withHashes(filter: RawFilter): RawFilter {
  if (filter.hash === undefined) return filter;
  return { ...filter, hash: filter.hash.replace(/#(\d+)/g, (_, at) => known[Number(at)]?.hash.slice(0, 8) ?? '') };
}

// ---- looking at every entry, by the words of CONTRACT section 5

type Test = (one: Known) => boolean;

function bruteForce(filter: RawFilter, sort: Sort): Known[] {
  const sign = sort.startsWith('-') ? -1 : 1;
  return known
    .filter(matcherOf(filter))
    .sort((a, b) => sign * (sort.endsWith('seq') ? a.seq - b.seq : a.occurredAt - b.occurredAt || a.seq - b.seq));
}

/** What was asked is read once, for it is held against every entry. */
function matcherOf(filter: RawFilter): Test {
  const anyOf = (value: string | undefined, fits: (one: Known, term: string) => boolean): Test[] => {
    const terms = (value ?? '').split(',').map((term) => term.trim()).filter((term) => term !== '' && term !== '!'); // prettier-ignore
    const wanted = terms.filter((term) => !term.startsWith('!'));
    const unwanted = terms.filter((term) => term.startsWith('!')).map((term) => term.slice(1));
    if (terms.length === 0) return [];
    return [
      (one) =>
        (wanted.length === 0 || wanted.some((term) => fits(one, term))) && !unwanted.some((term) => fits(one, term)),
    ];
  };
  const isRef = (type: string, id: string | null, term: string) =>
    term.includes(':') ? `${type}:${id}` === term && id !== null : type === term;
  const time = (text: string) =>
    Date.parse(text.length === 10 ? `${text}T00:00:00Z` : /(Z|[+-]\d\d:\d\d)$/.test(text) ? text : `${text}Z`);
  const after = filter.after === undefined ? -Infinity : time(filter.after);
  const before = filter.before === undefined ? Infinity : time(filter.before);
  const tests: Test[] = [
    (one) => one.occurredAt >= after && one.occurredAt < before,
    ...anyOf(filter.category, (one, term) => one.category === term),
    ...anyOf(filter.severity, (one, term) => one.severity === term),
    ...anyOf(filter.action, (one, term) => fitsPattern(one.action, term)),
    ...anyOf(filter.outcome, (one, term) => one.outcome === term),
    ...anyOf(filter.actor, (one, term) => isRef(one.actorType, one.actorId, term)),
    ...anyOf(filter.target, (one, term) => isRef(one.targetType, one.targetId, term)),
    ...anyOf(filter.client, (one, term) => one.client === term),
    ...anyOf(filter.via, (one, term) => one.via === term),
    ...anyOf(filter.hook, (one, term) => one.hook === term),
    ...anyOf(filter.ip, (one, term) => one.ip === term.toLowerCase()),
    ...anyOf(filter.hash, (one, term) => one.hash.startsWith(term.toLowerCase())),
    ...anyOf(filter.status, (one, term) => (term === 'broken') === one.isBroken),
    ...anyOf(filter.ledger, (_one, term) => term === 'default'),
    textTest(filter.q, (one) => one.words),
    textTest(filter.actor_name, (one) => one.nameWords),
  ];
  return (one) => tests.every((fits) => fits(one));
}

function fitsPattern(text: string, pattern: string): boolean {
  const [first = '', ...rest] = pattern.toLowerCase().split('*');
  if (rest.length === 0) return text === first;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const [i, part] of rest.entries()) {
    if (i === rest.length - 1) return text.length - at >= part.length && text.endsWith(part);
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return true;
}

/** Alternatives parted by commas; pieces of which all must occur, or none where `!` stands before. */
function textTest(asked: string | undefined, wordsIn: (one: Known) => readonly string[]): Test {
  const groups = (asked ?? '')
    .split(',')
    .map((group) => group.split(/\s+/).filter((piece) => piece !== ''))
    .map((group) => group.map((piece) => ({ isNot: piece.startsWith('!'), words: wordsOf(piece.replace(/^!/, '')) })));
  if (groups.every((group) => group.length === 0)) return () => true;
  const wanted = groups.filter((group) => group.some((piece) => !piece.isNot));
  const unwanted = groups.filter((group) => group.every((piece) => piece.isNot)).flat().filter(({ words }) => words.length > 0); // prettier-ignore
  return (one) => {
    const all = wordsIn(one);
    const fits = (group: (typeof groups)[number]) =>
      group.some((piece) => !piece.isNot && piece.words.length > 0) &&
      group.every((piece) => piece.words.length === 0 || holdsAll(all, piece.words) !== piece.isNot);
    return (wanted.length === 0 || wanted.some(fits)) && !unwanted.some((piece) => holdsAll(all, piece.words));
  };
}

/** Every word of a piece is a word of the texts, and the last the beginning of one; Chinese may stand anywhere in a run. */
function holdsAll(all: readonly string[], words: readonly string[]): boolean {
  return words.every((word, i) =>
    IS_CHINESE.test(word)
      ? all.some((one) => one.includes(word))
      : all.some((one) => one === word || (i === words.length - 1 && one.startsWith(word))),
  );
}

const IS_CHINESE = /\p{Script=Han}/u;

function wordsOf(text: string): string[] {
  return text.normalize('NFKC').toLowerCase().match(/\p{Script=Han}+|(?:(?!\p{Script=Han})[\p{L}\p{N}_])+/gu) ?? []; // prettier-ignore
}

// ---- entries and requests

async function fill(store: TestStore): Promise<Known[]> {
  const random = createRandom(4711);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const made: (AppendItemOptions & { readonly texts: readonly string[] })[] = Array.from(
    { length: ENTRIES },
    (_, i) => {
      const [actorType = 'unknown', ...actorId] = pick(ACTORS).split(':');
      const action = ALL_ACTIONS.find((one) => one.action === pick(ACTIONS)) ?? ALL_ACTIONS[0];
      const targetId = i % 400 === 0 ? 'rare' : pick(['1', '5', '%', '_', "x' OR '1'='1", null]);
      // Some words come in one stretch of time and then hardly ever; numbers begin alike and are each there once.
      const burst = i < 6_000 && i % 3 === 0 ? 'burstone' : i % 700 === 0 ? 'bursttwo' : '';
      const note = `${pick(WORDS)} ${pick(CHINESE)}${pick([' ', ''])}${pick(CHINESE)} ${pick(WORDS)} ${burst} nr${i} 例${'甲乙丙丁'[Math.floor(i / 5_000)]}`;
      const name = pick(NAMES);
      const label = pick([...WORDS, null]);
      const id = actorId.length === 0 ? null : actorId.join(':');
      return {
        action: action?.action ?? '',
        outcome: pick(OUTCOMES),
        occurredAt: new Date(
          START + Math.floor(random() * 30) * DAY_MS + Math.floor(random() * 48) * (DAY_MS / 48),
        ).toISOString(),
        actor: { type: actorType as 'admin', id, name, role: null, actingAs: null },
        target: { type: action?.targetType ?? '', id: targetId, label },
        client: pick(CLIENTS),
        via: pick(VIAS),
        ip: pick(IPS),
        reason: null,
        payload: { note, number: 100 },
        source: { hook: pick(HOOKS) },
        texts: [
          note,
          '100',
          name ?? '',
          id ?? '',
          label ?? '',
          targetId ?? '',
          (action?.action ?? '').replace(/[._]/g, ' '),
        ],
      };
    },
  );
  const receipts: Receipt[] = [];
  for (const some of chunked(made, 500)) {
    const results = await store.deps.store.append(store.ledger, some.map((one) => anAppendItem(store.ledger, one))); // prettier-ignore
    receipts.push(...results.flatMap((result) => result.receipts));
  }
  await store.deps.indexer.catchUp();
  const broken = receipts.filter((_, i) => i % 97 === 0);
  await saveVerification(store, broken.map((one) => one.seq)); // prettier-ignore
  const genesis = await store.deps.store.findBySeq(store.ledger, 1);
  const first: Known = {
    seq: 1, hash: genesis?.hash ?? '', occurredAt: genesis?.occurredAt ?? 0, category: 'modules', severity: genesis?.severity ?? '', action: 'audit.chain_initialised', outcome: 'success',
    actorType: 'system', actorId: null, actorName: 'Sealtrail', targetType: genesis?.targetType ?? '', targetId: 'default', client: null, via: null, hook: null, ip: null, isBroken: false,
    nameWords: ['sealtrail'], words: ['Sealtrail', 'default', 'audit chain initialised', ...Object.values((JSON.parse(genesis?.record ?? '') as { source: { payload: Record<string, string> } }).source.payload)].flatMap(wordsOf),
  }; // prettier-ignore
  return [
    { ...first, category: genesis?.category ?? '', outcome: genesis?.outcome ?? '' },
    ...made.map((one, i): Known => {
      const action = ALL_ACTIONS.find((row) => row.action === one.action);
      return {
        seq: receipts[i]?.seq ?? 0,
        hash: receipts[i]?.hash ?? '',
        occurredAt: Date.parse(one.occurredAt ?? ''),
        category: action?.category ?? '',
        severity: action?.severity ?? '',
        action: one.action ?? '',
        outcome: one.outcome ?? '',
        actorType: one.actor?.type ?? '',
        actorId: one.actor?.id ?? null,
        actorName: one.actor?.name ?? null,
        targetType: one.target?.type ?? '',
        targetId: one.target?.id ?? null,
        client: one.client ?? null,
        via: one.via ?? null,
        hook: one.source?.hook ?? null,
        ip: one.ip ?? null,
        isBroken: i % 97 === 0,
        words: one.texts.flatMap(wordsOf),
        nameWords: wordsOf(one.actor?.name ?? ''),
      };
    }),
  ];
}

async function saveVerification(store: TestStore, seqs: readonly number[]): Promise<void> {
  const run = { startedAt: store.clock.now(), finishedAt: store.clock.now(), requestedBy: 'test' };
  const [report] = (await store.deps.verifier.verify({})).ledgers;
  if (!report) throw new Error('no ledger');
  const broken = seqs.map((seq) => ({ seq, id: `id-${seq}`, kind: 'content', detail: 'x', received_at: null }));
  // An older finding that no longer counts, then the latest.
  await store.deps.verifications.save(
    store.ledger,
    { ...report, broken: [{ seq: 3, id: 'id-3', kind: 'content', detail: 'x', received_at: null }] },
    run,
  );
  await store.deps.verifications.save(store.ledger, { ...report, broken }, run);
}

function randomRequest(random: () => number): Request {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const terms = (values: readonly string[]) =>
    Array.from({ length: 1 + Math.floor(random() * 3) }, () => `${random() < 0.3 ? '!' : ''}${pick(values)}`).join(',');
  const words = (values: readonly string[]) =>
    Array.from({ length: 1 + Math.floor(random() * 2) }, () => `${random() < 0.2 ? '!' : ''}${pick(values)}`).join(pick([',', ' '])); // prettier-ignore
  const date = () => {
    const text = new Date(START + Math.floor(random() * 60) * (DAY_MS / 2)).toISOString();
    return random() < 0.5 ? text.slice(0, 10) : text;
  };
  const makers: Record<string, () => RawFilter> = {
    category: () => ({ category: terms(['financial', 'clients', 'authentication', 'domains', 'tickets', 'modules']) }),
    severity: () => ({ severity: terms(['info', 'notice', 'warning', 'critical']) }),
    action: () => ({ action: terms([...ACTIONS, 'invoice.*', '*.login*', 'client.*', '*d', '*']) }),
    outcome: () => ({ outcome: terms(OUTCOMES) }),
    actor: () => ({ actor: terms([...ACTORS, 'admin', 'client', 'user']) }),
    actor_name: () => ({
      actor_name: words(['jane', 'doe', 'Jane Doe', '张伟', '张', 'root', 'nobody', 'ja', 's', 'smi']),
    }),
    target: () => ({
      target: terms([
        'invoice',
        'client',
        'invoice:1',
        'invoice:5',
        'client:5',
        'domain:%',
        'ticket:_',
        'admin',
        'client:rare',
        'invoice:rare',
      ]),
    }),
    client: () => ({ client: terms(['5', '55', '%', '_', '999']) }),
    ip: () => ({ ip: terms(['203.0.113.42', '203.0.113.4', '203.0.113', '2001:db8::1']) }),
    hash: () => ({ hash: terms(['#7', '#8', '#9000', '#17000']) }),
    via: () => ({ via: terms(['ui', 'api', 'cron', 'email']) }),
    hook: () => ({ hook: terms(['InvoicePaid', 'ClientEdit', 'AdminLogin', 'invoicepaid', 'Invoice%']) }),
    q: () => ({
      q: words([
        ...WORDS,
        'a',
        'burst',
        'burstt',
        'burstone alpha',
        'nr1',
        'nr12',
        'nr9',
        'nr7123',
        'n',
        'i',
        'ip',
        'nam',
        '例甲',
        '丁',
        'al re',
        'server',
        'ho inv',
        '发票 !alpha',
        'größ',
        'alpha beta',
        'inv',
        '退款',
        '发票退款',
        '计日',
        '改',
        '资料 alpha',
        '域名转移 客户',
        'nothere',
        'invoice paid',
      ]),
    }),
    after: () => ({ after: date() }),
    before: () => ({ before: date() }),
    status: () => ({ status: pick(['valid', 'broken', '!broken', 'valid,broken']) }),
    ledger: () => ({ ledger: pick(['default', 'default', 'other', '!other']) }),
  };
  const names = Object.keys(makers);
  const filter: Record<string, string> = {};
  for (let i = Math.floor(random() * 4); i >= 0; i -= 1) Object.assign(filter, makers[pick(names)]?.());
  if (
    filter['after'] !== undefined &&
    filter['before'] !== undefined &&
    Date.parse(filter['after']) > Date.parse(filter['before'])
  ) {
    [filter['after'], filter['before']] = [filter['before'], filter['after']];
  }
  const page = random() < 0.2 ? 2 : undefined;
  return { filter, sort: pick(SORTS), perPage: pick([1, 7, 20, 50, 100]), page };
}

function chunked<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size));
}
