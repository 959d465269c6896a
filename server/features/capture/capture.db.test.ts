import { gzipSync } from 'node:zlib';
import { v7 as uuidv7 } from 'uuid';
import { aHookItem } from '../../testing/builders';
import { createRandom, shuffled } from '../../testing/random';
import { signatureOf, type Sender, type SenderAnswer, type SendOptions } from '../../testing/sender';
import { createTcpGate } from '../../testing/tcp-gate';
import { createTestApp, type TestApp } from '../../testing/test-app';
import { ENGINES, type Engine } from '../../testing/test-database';

const MIB = 1024 * 1024;

let app: TestApp;
let sender: Sender;

const anItem = (parts: Readonly<Record<string, unknown>> = {}) => aHookItem({ id: uuidv7(), ...parts });
const params = (text: string) =>
  `{"events":[${JSON.stringify(anItem({ params: 'PARAMS' })).replace('"PARAMS"', text)}]}`;
/** What was taken; a refusal is noted behind its answer. */
const countEntries = async () => Number((await app.database.knex('entries').whereNotIn('action', ['audit.delivery_refused', 'audit.event_quarantined']).count({ n: '*' }))[0]?.['n']); // prettier-ignore
const quarantine = () =>
  app.database
    .knex('quarantine')
    .orderBy('id')
    .select<{ reason: string; detail: string; item: string; event_id: string | null }[]>();

/** The entry of the first receipt, as the API would show it. */
async function entryOf(answer: SenderAnswer) {
  const entry = await app.deps.browse.findEntry(app.ledger, String(answer.body.receipts[0]?.seq));
  if (!entry) throw new Error(`no entry for ${answer.text}`);
  return entry;
}

function problemOf(answer: SenderAnswer): Record<string, unknown> {
  const { request_id: requestId, ...problem } = JSON.parse(answer.text) as Record<string, unknown>;
  expect(requestId).toEqual(expect.any(String));
  return problem;
}

/** An answer that refuses, and a store that is as it was. */
async function expectRefusal(
  send: () => Promise<SenderAnswer>,
  status: number,
  code: string,
): Promise<Record<string, unknown>> {
  const before = await countEntries();
  const answer = await send();
  expect([answer.status, answer.headers.get('content-type')]).toEqual([
    status,
    expect.stringContaining('application/problem+json'),
  ]);
  const problem = problemOf(answer);
  expect(problem).toMatchObject({ status, type: `urn:sealtrail:error:${code}`, title: expect.any(String) });
  expect(await countEntries()).toBe(before);
  return problem;
}

describe.each(ENGINES)('POST /bridge/v1/events on %s', (engine) => {
  beforeAll(async () => {
    app = await createTestApp(engine);
    sender = await app.pair();
  });
  afterAll(() => app.stop());

  describe('takes', () => {
    it('a delivery and gives a receipt for each entry, committed', async () => {
      const items = [anItem(), anItem({ hook: 'InvoiceRefunded' })];
      const answer = await sender.send(items);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('content-type')).toContain('application/json');
      expect(Object.keys(answer.body).sort()).toEqual(['accepted', 'duplicates', 'quarantined', 'receipts']);
      expect(answer.body).toMatchObject({ accepted: 2, duplicates: 0, quarantined: 0 });
      expect(answer.body.receipts.map(({ id, part, ledger }) => ({ id, part, ledger }))).toEqual(
        items.map((item) => ({ id: item['id'], part: 0, ledger: 'default' })),
      );
      const rows = await app.database.knex('entries').whereIn('seq', answer.body.receipts.map((one) => one.seq)).orderBy('seq').select<{ seq: number; hash: string; event_id: string }[]>(); // prettier-ignore
      expect(rows.map((row) => ({ id: row.event_id, seq: row.seq, hash: row.hash }))).toEqual(
        answer.body.receipts.map(({ id, seq, hash }) => ({ id, seq, hash })),
      );
    });

    it('an item that means several entries, with a receipt for each part', async () => {
      const item = anItem({
        hook: 'ClientEdit',
        params: { userid: 5, email: 'new@example.com', status: 'Closed' },
        before: { email: 'old@example.com', status: 'Active' },
      });
      const { body } = await sender.send([item]);
      expect(body.accepted).toBe(1);
      expect(body.receipts.length).toBeGreaterThan(1);
      expect(body.receipts.map((one) => [one.id, one.part])).toEqual(
        body.receipts.map((_, part) => [item['id'], part]),
      );
      const again = await sender.send([item]);
      expect(again.body).toEqual({ accepted: 0, duplicates: 1, quarantined: 0, receipts: body.receipts });
    });

    it('the same delivery again and gives the same receipts', async () => {
      const items = [anItem(), anItem({ hook: 'NoSuchHook' }), anItem()];
      const first = await sender.send(items);
      const again = await sender.send(items);
      expect(first.body).toMatchObject({ accepted: 2, duplicates: 0, quarantined: 1 });
      expect(again.body).toEqual({ accepted: 0, duplicates: 2, quarantined: 1, receipts: first.body.receipts });
    });

    it('one event twice in one delivery once', async () => {
      const item = anItem();
      const { body } = await sender.send([item, item]);
      expect([body.accepted, body.duplicates]).toEqual([1, 1]);
      expect(body.receipts[1]).toEqual(body.receipts[0]);
    });

    it('white space between items and another order of them as the same events', async () => {
      const [one, two] = [anItem(), anItem()];
      const first = await sender.send([one, two]);
      const again = await sender.sendBody(`{ "events" :\n[ ${JSON.stringify(two)} ,\t${JSON.stringify(one)}]}\r\n`);
      expect(again.body).toMatchObject({ accepted: 0, duplicates: 2, quarantined: 0 });
      expect(again.body.receipts).toEqual([...first.body.receipts].reverse());
    });

    it('gzip, signed over the compressed bytes', async () => {
      expect((await sender.send([anItem()], { gzip: true })).body.accepted).toBe(1);
    });

    it('gzip, signed over what was compressed', async () => {
      const body = Buffer.from(JSON.stringify({ events: [anItem()] }));
      const timestamp = String(Math.floor(app.clock.now().getTime() / 1000));
      const headers = { 'webhook-id': 'm', 'webhook-timestamp': timestamp, 'webhook-signature': signatureOf(sender.bridge.secret, 'm', timestamp, body), 'content-encoding': 'gzip' }; // prettier-ignore
      expect((await sender.sendBody(gzipSync(body), { headers })).body.accepted).toBe(1);
    });

    it('a list without items', async () => {
      expect((await sender.send([])).body).toEqual({ accepted: 0, duplicates: 0, quarantined: 0, receipts: [] });
    });

    it('1,000 items', async () => {
      const { body } = await sender.send(Array.from({ length: 1_000 }, () => anItem()));
      expect([body.accepted, body.receipts.length]).toEqual([1_000, 1_000]);
    });

    it('5 MiB to the byte, plain and compressed', async () => {
      const fill = (text: string) => text.padEnd(5 * MIB, ' ');
      expect((await sender.sendBody(fill(JSON.stringify({ events: [anItem()] })))).body.accepted).toBe(1);
      expect((await sender.sendBody(fill(JSON.stringify({ events: [anItem()] })), { gzip: true })).body.accepted).toBe(
        1,
      );
    });

    it.each([
      ['five minutes late', -300_000],
      ['five minutes early', 300_000],
    ])('a delivery %s', async (_name, ms) => {
      expect(
        (
          await sender.send([anItem()], {
            at: new Date(Math.floor(app.clock.now().getTime() / 1000) * 1000 + ms + (ms < 0 ? 1000 : 0)),
          })
        ).status,
      ).toBe(200);
    });

    it('one good signature among several, as during a rotation', async () => {
      const body = Buffer.from(JSON.stringify({ events: [anItem()] }));
      const timestamp = String(Math.floor(app.clock.now().getTime() / 1000));
      const other = signatureOf(`whsec_${Buffer.alloc(32, 7).toString('base64')}`, 'm', timestamp, body);
      const good = signatureOf(sender.bridge.secret, 'm', timestamp, body);
      const headers = (signature: string) => ({
        headers: { 'webhook-id': 'm', 'webhook-timestamp': timestamp, 'webhook-signature': signature },
      });
      expect((await sender.sendBody(body, headers(`${other} ${good}`))).status).toBe(200);
      expect((await sender.sendBody(body, headers(`v1a,xyz ${good} ${other}`))).status).toBe(200);
      expect((await sender.sendBody(body, headers(`${other} ${other}`))).status).toBe(401);
    });
  });

  describe('refuses, without saying why, and stores nothing:', () => {
    const refusal = { type: 'urn:sealtrail:error:delivery_refused', title: 'Delivery refused', status: 401 };
    const signed = (text: string) => Buffer.from(text);
    const seconds = () => String(Math.floor(app.clock.now().getTime() / 1000));

    it.each<[string, () => SendOptions]>([
      ['an unknown bridge', () => ({ headers: { 'sealtrail-bridge': uuidv7() } })],
      ['no bridge', () => ({ headers: { 'sealtrail-bridge': undefined } })],
      ['a bridge name that is SQL', () => ({ headers: { 'sealtrail-bridge': `' OR '1'='1` } })],
      ['a time five minutes and a second ago', () => ({ at: new Date(app.clock.now().getTime() - 302_000) })],
      ['a time five minutes and a second ahead', () => ({ at: new Date(app.clock.now().getTime() + 302_000) })],
      ['a time that is none', () => ({ headers: { 'webhook-timestamp': '1e9' } })],
      ['no time', () => ({ headers: { 'webhook-timestamp': undefined } })],
      ['no message id', () => ({ headers: { 'webhook-id': undefined } })],
      ['another message id', () => ({ headers: { 'webhook-id': 'msg_other' } })],
      ['no signature', () => ({ headers: { 'webhook-signature': undefined } })],
      ['an empty signature', () => ({ headers: { 'webhook-signature': 'v1,' } })],
      ['another secret', () => ({ headers: { 'webhook-id': 'm', 'webhook-timestamp': seconds(), 'webhook-signature': signatureOf(`whsec_${Buffer.alloc(32).toString('base64')}`, 'm', seconds(), signed('{"events":[]}')) } })],
      ['a signature of another version', () => ({ headers: { 'webhook-id': 'm', 'webhook-timestamp': seconds(), 'webhook-signature': signatureOf(sender.bridge.secret, 'm', seconds(), signed('{"events":[]}')).replace('v1,', 'v2,') } })],
      ['a signature of another body', () => ({ headers: { 'webhook-id': 'm', 'webhook-timestamp': seconds(), 'webhook-signature': signatureOf(sender.bridge.secret, 'm', seconds(), signed('{"events":[] }')) } })],
    ])('%s', async (_name, options) => {
      expect(await expectRefusal(() => sender.sendBody('{"events":[]}', options()), 401, 'delivery_refused')).toEqual(refusal);
    }); // prettier-ignore

    it('a bridge that was revoked', async () => {
      const revoked = await app.pair();
      expect((await revoked.send([anItem()])).status).toBe(200);
      expect(await app.deps.bridges.revoke(revoked.bridge.id)).toBe(true);
      expect(await expectRefusal(() => revoked.send([anItem()]), 401, 'delivery_refused')).toEqual(refusal);
    });

    it('the secret of another bridge', async () => {
      const other = await app.pair();
      const forged = () => sender.send([anItem()], { headers: { 'sealtrail-bridge': other.bridge.id } });
      expect(await expectRefusal(forged, 401, 'delivery_refused')).toEqual(refusal);
    });

    it('a forged zip bomb, as early as any other forgery', async () => {
      const bomb = gzipSync(Buffer.alloc(200 * MIB));
      const headers = { 'content-encoding': 'gzip', 'webhook-signature': 'v1,AAAA' };
      expect(await expectRefusal(() => sender.sendBody(bomb, { headers }), 401, 'delivery_refused')).toEqual(refusal);
    });
  });

  describe('refuses, and says why:', () => {
    it.each([
      ['no JSON', 'events', 400, 'not_json'],
      ['nothing', '', 400, 'not_json'],
      ['JSON cut short', '{"events":[{"id":"1"', 400, 'not_json'],
      ['two documents', '{"events":[]}{"events":[]}', 400, 'not_json'],
      ['a byte order mark in the wrong encoding', Buffer.from('\ufeff{"events":[]}', 'utf16le'), 400, 'bad_encoding'],
      ['half a character', Buffer.from([0x7b, 0xff, 0x7d]), 400, 'bad_encoding'],
      ['a list', '[]', 400, 'bad_shape'],
      ['null', 'null', 400, 'bad_shape'],
      ['a word', '"events"', 400, 'bad_shape'],
      ['an object without events', '{"event":[]}', 400, 'bad_shape'],
      ['events that are no list', '{"events":{"0":{}}}', 400, 'bad_shape'],
      ['events named twice', '{"events":[{"id":"a"}],"events":[]}', 400, 'bad_shape'],
      ['events named twice, once escaped', '{"events":[{"id":"a"}],"\\u0065vents":[]}', 400, 'bad_shape'],
    ])('%s', async (_name, body, status, code) => {
      await expectRefusal(() => sender.sendBody(body), status, code);
      await expectRefusal(() => sender.sendBody(body, { gzip: true }), status, code);
    });

    it('1,001 items', async () => {
      await expectRefusal(() => sender.send(Array.from({ length: 1_001 }, () => anItem())), 413, 'too_large');
    });

    it('one byte over 5 MiB, plain and compressed', async () => {
      const body = JSON.stringify({ events: [anItem()] }).padEnd(5 * MIB + 1, ' ');
      await expectRefusal(() => sender.sendBody(body), 413, 'too_large');
      await expectRefusal(() => sender.sendBody(body, { gzip: true }), 413, 'too_large');
    });

    it('a signed zip bomb', async () => {
      const bomb = gzipSync(Buffer.alloc(100 * MIB));
      await expectRefusal(() => sender.sendBody(bomb, { headers: { 'content-encoding': 'gzip' } }), 413, 'too_large');
    });

    it('gzip that is none', async () => {
      await expectRefusal(
        () => sender.sendBody('{"events":[]}', { headers: { 'content-encoding': 'gzip' } }),
        400,
        'bad_encoding',
      );
    });

    it('another compression', async () => {
      await expectRefusal(
        () => sender.sendBody('{"events":[]}', { headers: { 'content-encoding': 'br' } }),
        400,
        'bad_encoding',
      );
    });
  });

  describe('sets aside what it cannot understand, and stores the rest:', () => {
    const good = () => anItem({ params: { invoiceid: 'good' } });

    it.each<[string, () => string, string]>([
      ['an unknown hook', () => JSON.stringify(anItem({ hook: 'NoSuchHook' })), 'unknown_hook'],
      [
        'an unknown table',
        () => JSON.stringify(anItem({ kind: 'table_change', table: 'tblnothing', key: '1', after: { a: 1 } })),
        'unknown_table',
      ],
      ['an unknown kind', () => JSON.stringify(anItem({ kind: 'rumour' })), 'unknown_kind'],
      [
        'a key named twice',
        () => JSON.stringify(anItem({ params: { a: 1 } })).replace('"a":1', '"a":1,"a":2'),
        'duplicate_key',
      ],
      [
        'a key named twice deep inside, once escaped',
        () => JSON.stringify(anItem({ params: { list: [{ a: 1 }] } })).replace('"a":1', '"a":1,"\\u0061":2'),
        'duplicate_key',
      ],
      ['no id', () => JSON.stringify({ ...anItem(), id: undefined }), 'bad_shape'],
      ['no object', () => '17', 'bad_shape'],
      ['a list', () => '[[]]', 'bad_shape'],
      ['a time that is none', () => JSON.stringify(anItem({ occurred_at: '2026-02-30T00:00:00Z' })), 'bad_time'],
      ['an actor of no known type', () => JSON.stringify(anItem({ actor: { type: 'ghost' } })), 'bad_shape'],
      [
        'what is nested without end',
        () => JSON.stringify(anItem({ params: 'P' })).replace('"P"', `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`),
        'too_deep',
      ],
    ])('%s', async (_name, text, reason) => {
      const item = text();
      const goods = [good(), good()];
      const body = `{"events":[${JSON.stringify(goods[0])}, ${item} ,${JSON.stringify(goods[1])}]}`;
      await app.database.knex('quarantine').delete();
      const answer = await sender.sendBody(body);
      expect(answer.body).toMatchObject({ accepted: 2, duplicates: 0, quarantined: 1 });
      expect(answer.body.receipts.map((one) => one.id)).toEqual(goods.map((one) => one['id']));
      expect(await quarantine()).toMatchObject([{ reason, item }]);
      // Sent again: counted again, kept once.
      expect((await sender.sendBody(body)).body).toMatchObject({
        accepted: 0,
        duplicates: 2,
        quarantined: 1,
        receipts: answer.body.receipts,
      });
      expect(await quarantine()).toHaveLength(1);
    });

    it('an id that was used for something else', async () => {
      await app.database.knex('quarantine').delete();
      const item = anItem();
      const first = await sender.send([item]);
      const other = { ...item, params: { invoiceid: 999 } };
      const answer = await sender.send([good(), other, good()]);
      expect(answer.body).toMatchObject({ accepted: 2, duplicates: 0, quarantined: 1 });
      expect(await quarantine()).toMatchObject([
        { reason: 'id_reused', item: JSON.stringify(other), event_id: item['id'] },
      ]);
      expect((await sender.send([item])).body.receipts).toEqual(first.body.receipts);
    });

    it('items of which none can be understood', async () => {
      const answer = await sender.send([{}, null, 'x', 1, [], { id: 'x' }]);
      expect(answer.body).toEqual({ accepted: 0, duplicates: 0, quarantined: 6, receipts: [] });
    });
  });

  describe('keeps exactly:', () => {
    const text =
      '😀👨‍👩‍👧‍👦 𠮷𠀀𪚥 简体 繁體 e\u0301 \u2028\u202e\u0000 <script>alert(1)</script> \'";DROP TABLE entries;-- ${7*7} {{7*7}} %00 ../../etc';

    it('emoji, four-byte Chinese, markup and control characters in every field', async () => {
      const all = {
        params: { invoiceid: 1, [text]: text, list: [text, { [text]: text }] },
        actor: {
          type: 'admin',
          id: text.slice(0, 60),
          name: text,
          role: text.slice(0, 60),
          acting_as: text.slice(0, 60),
        },
        request: {
          peer: '203.0.113.9',
          headers: { 'x-forwarded-for': text },
          whmcs_ip: text.slice(0, 60),
          user_agent: text,
          via: 'ui',
          script: text,
          session: text,
        },
        installation: { whmcs: text, bridge: text, time_zone: text },
      };
      const answer = await sender.send([anItem(all)]);
      expect(answer.body.quarantined).toBe(0);
      const entry = await entryOf(answer);
      expect(entry.integrity.status).toBe('valid');
      expect(entry.source.payload).toEqual(all.params);
      expect(entry).toMatchObject({
        actor: { id: text.slice(0, 60), name: text, role: text.slice(0, 60), acting_as: text.slice(0, 60) },
        user_agent: text,
        ip: '203.0.113.9',
      });
      expect(entry.source.script).toBe(text);
    });

    it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '=HYPERLINK("http://x","y")', `=cmd|' /C calc'!A0`])(
      'the formula %j',
      async (formula) => {
        const answer = await sender.send([anItem({ params: { invoiceid: formula, notes: formula } })]);
        expect((await entryOf(answer)).source.payload).toEqual({ invoiceid: formula, notes: formula });
      },
    );

    it('numbers that a double would round', async () => {
      const answer = await sender.sendBody(
        params(
          '{"a":9007199254740993,"b":-9223372036854775808,"c":0.1,"d":1e400,"e":123456789.123456789,"f":9007199254740991,"g":[18446744073709551615]}',
        ),
      );
      expect((await entryOf(answer)).source.payload).toEqual({
        a: '9007199254740993', b: '-9223372036854775808', c: '0.1', d: '1e400', e: '123456789.123456789', f: 9007199254740991, g: ['18446744073709551615'],
      }); // prettier-ignore
    });

    it('what two numbers beyond 2^53 differ in', async () => {
      const id = uuidv7();
      const body = (number: string) => params(`{"n":${number}}`).replace(/"id":"[^"]+"/, `"id":"${id}"`);
      expect((await sender.sendBody(body('9007199254740993'))).body.accepted).toBe(1);
      expect((await sender.sendBody(body('9007199254740992'))).body).toMatchObject({
        accepted: 0,
        duplicates: 0,
        quarantined: 1,
      });
    });

    it('all but half a character, which becomes U+FFFD', async () => {
      const answer = await sender.sendBody(params('{"a":"x\\ud800y","b\\udc00":"\\ud83d\\ude00"}'));
      expect(answer.body).toMatchObject({ accepted: 1, quarantined: 0 });
      expect((await entryOf(answer)).source.payload).toEqual({ a: 'x\ufffdy', 'b\ufffd': '😀' });
    });

    it('names that objects have of themselves', async () => {
      const answer = await sender.sendBody(
        params('{"__proto__":{"x":1},"constructor":"c","hasOwnProperty":1,"toString":null}'),
      );
      const { payload } = (await entryOf(answer)).source;
      expect(JSON.stringify(payload)).toContain('"__proto__":{"x":1}');
      expect(Object.keys(payload).sort()).toEqual(['__proto__', 'constructor', 'hasOwnProperty', 'toString']);
    });

    it('both clocks, however far apart', async () => {
      const answer = await sender.send([anItem({ occurred_at: '1999-12-31T23:59:59.999+14:00' })]);
      const entry = await entryOf(answer);
      expect(entry.occurred_at).toBe('1999-12-31T09:59:59.999Z');
      expect(entry.received_at).toBe(app.clock.now().toISOString());
      expect(entry.source.skew_ms).toBe(app.clock.now().getTime() - Date.parse('1999-12-31T09:59:59.999Z'));
    });
  });

  it('remembers when a bridge was heard, and what it said of itself', async () => {
    const own = await app.pair();
    await own.send([
      anItem({ seq: 41 }),
      anItem({ seq: 42, installation: { whmcs: '9.0.1', bridge: '1.2.3', time_zone: 'Europe/Berlin' } }),
    ]);
    await app.deps.bridges.flush();
    const row = (await app.deps.bridges.list()).find((one) => one.id === own.bridge.id);
    expect(row).toMatchObject({
      last_seen_at: app.clock.now().getTime(),
      last_seq: '42',
      whmcs: '9.0.1',
      bridge_version: '1.2.3',
      time_zone: 'Europe/Berlin',
    });
  });

  it('ends with a chain that verifies', async () => {
    expect(await app.deps.verifier.verify({})).toMatchObject({ verdict: 'intact' });
  });
});

describe.each(ENGINES)('16 senders at once on %s', (engine) => {
  it('store each event once, whatever the order and however often it comes', async () => {
    app = await createTestApp(engine);
    try {
      const events = Array.from({ length: 60 }, (_, n) => anItem({ seq: n + 1, params: { invoiceid: n } }));
      const random = createRandom(20261121);
      const senders = await Promise.all(Array.from({ length: 16 }, () => app.pair()));
      const answers: SenderAnswer[] = [];
      await Promise.all(
        senders.map(async (one) => {
          const mine = shuffled(events.flatMap((event) => Array.from({ length: 1 + Math.floor(random() * 5) }, () => event)), random); // prettier-ignore
          for (let at = 0; at < mine.length;) {
            const size = 1 + Math.floor(random() * 20);
            answers.push(await one.send(mine.slice(at, at + size), { gzip: random() < 0.5 }));
            at += size;
          }
        }),
      );
      expect(answers.filter((answer) => answer.status !== 200)).toEqual([]);
      expect(answers.reduce((sum, answer) => sum + answer.body.accepted, 0)).toBe(events.length);

      const receipts = new Map<string, string>();
      for (const { id, seq, hash } of answers.flatMap((answer) => answer.body.receipts)) {
        expect(receipts.get(id) ?? `${seq} ${hash}`).toBe(`${seq} ${hash}`);
        receipts.set(id, `${seq} ${hash}`);
      }
      const rows = await app.database
        .knex('entries')
        .orderBy('seq')
        .select<{ seq: number; event_id: string; hash: string }[]>('seq', 'event_id', 'hash');
      expect(rows.map((row) => row.seq)).toEqual(Array.from({ length: 1 + events.length }, (_, i) => i + 1));
      expect(new Map(rows.slice(1).map((row) => [row.event_id, `${row.seq} ${row.hash}`]))).toEqual(receipts);
      expect(await app.deps.verifier.verify({})).toMatchObject({
        verdict: 'intact',
        ledgers: [{ valid: 61, broken: [] }],
      });
    } finally {
      await app.stop();
    }
  });
});

describe.each(ENGINES)('while the store cannot commit on %s', (engine) => {
  it('answers 503 with Retry-After, and takes the same delivery later', async () => {
    app = await createTestApp(engine);
    try {
      sender = await app.pair();
      const items = [anItem(), anItem()];
      await app.database.knex.raw('ALTER TABLE heads RENAME TO heads_away');
      const answer = await sender.send(items);
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, expect.stringMatching(/^\d+$/)]);
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
      expect(problemOf(answer)).toMatchObject({ status: 503, type: 'urn:sealtrail:error:cannot_commit' });
      await app.database.knex.raw('ALTER TABLE heads_away RENAME TO heads');
      expect((await sender.send(items)).body).toMatchObject({ accepted: 2, duplicates: 0 });
    } finally {
      await app.stop();
    }
  });
});

describe.each(ENGINES.filter((engine): engine is Exclude<Engine, 'sqlite'> => engine !== 'sqlite'))(
  'while %s is away',
  (engine) => {
    it('answers 503 and is not ready; once it is back the same delivery is stored', async () => {
      const direct = new URL(
        process.env[engine === 'mariadb' ? 'SEALTRAIL_TEST_MYSQL_URL' : 'SEALTRAIL_TEST_MYSQL8_URL'] ?? '',
      );
      const gate = await createTcpGate(direct.hostname, Number(direct.port || 3306));
      app = await createTestApp(engine, { throughPort: gate.port });
      try {
        sender = await app.pair();
        expect((await sender.send([anItem()])).status).toBe(200);
        const items = [anItem(), anItem()];
        await gate.shut();
        const answer = await sender.send(items);
        expect([answer.status, answer.headers.get('retry-after'), problemOf(answer)['type']]).toEqual([
          503,
          expect.any(String),
          'urn:sealtrail:error:cannot_commit',
        ]);
        expect((await fetch(`${app.url}/healthz`)).status).toBe(200);
        expect((await fetch(`${app.url}/readyz`)).status).toBe(503);
        await gate.open();
        expect((await sender.send(items)).body).toMatchObject({ accepted: 2, duplicates: 0 });
        expect((await fetch(`${app.url}/readyz`)).status).toBe(200);
      } finally {
        await app.stop();
        await gate.shut();
      }
    });
  },
);
