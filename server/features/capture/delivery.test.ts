import { hash } from 'node:crypto';
import { aHookItem } from '../../testing/builders';
import { MAX_ITEMS, parseDelivery, type DeliveredItem } from './delivery';

const bodyOf = (...items: unknown[]) => Buffer.from(JSON.stringify({ events: items }));

/** A delivery of one item whose params are this JSON text. */
const withParams = (params: string) =>
  Buffer.from(`{"events":[${JSON.stringify(aHookItem()).replace('{"invoiceid":123}', params)}]}`);

function itemsOf(body: Buffer): readonly DeliveredItem[] {
  const parsed = parseDelivery(body);
  if (!parsed.ok) throw new Error(`${parsed.error}: ${parsed.detail}`);
  return parsed.items;
}

function paramsOf(body: Buffer): unknown {
  const [item] = itemsOf(body);
  if (!item?.ok) throw new Error(item?.detail);
  return item.item.params;
}

function reasonOf(body: Buffer): string {
  const [item] = itemsOf(body);
  return item === undefined ? 'nothing' : item.ok ? 'ok' : item.reason;
}

describe('a whole delivery', () => {
  it('gives its items in order, with what the bridge says about itself', () => {
    const parsed = parseDelivery(bodyOf(aHookItem({ id: 'a' }), aHookItem({ id: 'b' })));
    expect(parsed).toMatchObject({
      ok: true,
      installation: { whmcs: '9.0.1', bridge: '1.0.0', timeZone: 'Europe/Berlin', seqStep: null },
    });
    expect(
      itemsOf(bodyOf(aHookItem({ id: 'a' }), aHookItem({ id: 'b' }))).map((item) => item.ok && item.item.id),
    ).toEqual(['a', 'b']);
  });

  it('may be empty', () => {
    expect(parseDelivery(bodyOf())).toEqual({ ok: true, items: [], installation: null });
  });

  it.each([
    '',
    ' ',
    '{',
    '{"events":[}',
    '{"events":[]}}',
    "{'events':[]}",
    '{"events":[],}',
    '{"events":[NaN]}',
    '{"events":[01]}',
    '{"events":["\t"]}',
    'undefined',
    'a:1:{}',
  ])('is refused when it is not JSON: %j', (text) => {
    expect(parseDelivery(Buffer.from(text))).toMatchObject({ ok: false, error: 'not_json' });
  });

  it.each([
    ['a lone continuation byte', [0x22, 0x80, 0x22]],
    ['an overlong slash', [0x22, 0xc0, 0xaf, 0x22]],
    ['an encoded surrogate', [0x22, 0xed, 0xa0, 0x80, 0x22]],
    ['a cut character', [0x22, 0xf0, 0x9f, 0x98, 0x22]],
    ['Latin-1', [0x22, 0xe4, 0x22]],
    ['UTF-16', [0xff, 0xfe, 0x7b, 0x00]],
    ['gzip', [0x1f, 0x8b, 0x08, 0x00]],
  ])('is refused when it is not UTF-8: %s', (_name, bytes) => {
    expect(parseDelivery(Buffer.from(bytes))).toMatchObject({ ok: false, error: 'bad_encoding' });
  });

  it.each([
    'null',
    '1',
    '"x"',
    '[]',
    '[{"events":[]}]',
    '{}',
    '{"Events":[]}',
    '{"events":{}}',
    '{"events":null}',
    '{"events":"[]"}',
    '{"__proto__":{"events":[]}}',
  ])('is refused when it has not the shape: %s', (text) => {
    expect(parseDelivery(Buffer.from(text))).toMatchObject({ ok: false, error: 'bad_shape' });
  });

  it.each([
    '{"events":[],"events":[{"id":"a"}]}',
    '{"events":[{"id":"a"}],"events":[]}',
    '{"events":[1],"ev\\u0065nts":[1]}',
    '{"a":1,"a":2,"events":[]}',
    '{"\u{e9}":1,"\\u00e9":2,"events":[]}',
  ])('is refused when the outermost object names a member twice: %s', (text) => {
    expect(parseDelivery(Buffer.from(text))).toMatchObject({ ok: false, error: 'bad_shape' });
  });

  it('knows names apart whose bytes only look like each other', () => {
    const text = '{"\u{e9}":1,"\\u00c3\\u00a9":2,"events":[]}';
    expect(parseDelivery(Buffer.from(text))).toMatchObject({ ok: true });
  });

  it('reads what is not ASCII as it was written, whichever item of the delivery it is in', () => {
    const names = ['Lin', '\u6797\u6c0f\u8336\u884c', '\u{1f600}', 'M\u00fcller', 'Lin'];
    const items = names.map((name, at) => JSON.stringify(aHookItem({ id: `${at}`, params: { name } })));
    const read = itemsOf(Buffer.from(`{"\u00e9":1,"events":[${items.join(',')}]}`));
    expect(read.map((item) => item.ok && item.item.params['name'])).toEqual(names);
    expect(read.map((item) => item.raw)).toEqual(items);
    expect(read.map((item) => item.digest)).toEqual(items.map((text) => hash('sha256', text)));
  });

  it('is refused with the character at which it is no JSON', () => {
    const parsed = parseDelivery(Buffer.from('\u6797'));
    expect(parsed).toMatchObject({ ok: false, error: 'not_json', detail: expect.stringContaining('\u6797') as string });
  });

  it('is refused with 1,001 items, and taken with 1,000', () => {
    const items = (count: number) => Buffer.from(`{"events":[${Array(count).fill('1').join(',')}]}`);
    expect(parseDelivery(items(MAX_ITEMS + 1))).toMatchObject({ ok: false, error: 'too_large' });
    expect(itemsOf(items(MAX_ITEMS))).toHaveLength(1000);
  });

  it('may begin with a byte order mark', () => {
    expect(parseDelivery(Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), bodyOf(aHookItem())])).ok).toBe(true);
  });

  it('keeps the good items when others cannot be read, and the text of each as it came', () => {
    const items = itemsOf(
      Buffer.from(
        `{"events":[ 17 , ${JSON.stringify(aHookItem({ id: 'good' }))}, {"id":"bad" , "kind":"hook"}, null, "]}" , [1]]}`,
      ),
    );
    expect(items.map((item) => (item.ok ? item.item.id : item.reason))).toEqual([
      'bad_shape',
      'good',
      'bad_time',
      'bad_shape',
      'bad_shape',
      'bad_shape',
    ]);
    expect(items.map((item) => item.raw)).toEqual([
      '17',
      JSON.stringify(aHookItem({ id: 'good' })),
      '{"id":"bad" , "kind":"hook"}',
      'null',
      '"]}"',
      '[1]',
    ]);
    expect(items[2]).toMatchObject({ id: 'bad' });
  });

  it('survives 100,000 levels in an item, beside the items and as an item', () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    const deepObject = `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`;
    expect(reasonOf(withParams(`{"a":${deep}}`))).toBe('too_deep');
    expect(reasonOf(withParams(deepObject))).toBe('too_deep');
    expect(reasonOf(Buffer.from(`{"events":[${deep}]}`))).toBe('bad_shape');
    expect(reasonOf(Buffer.from(`{"events":[${deepObject}]}`))).toBe('too_deep');
    expect(parseDelivery(Buffer.from(`{"x":${deep},"events":[]}`)).ok).toBe(true);
  });

  it('takes an item 32 levels deep, and sets aside one of 33', () => {
    // Two levels are the item itself and its params.
    const nested = (levels: number) => withParams(`{"a":${'['.repeat(levels - 2)}${']'.repeat(levels - 2)}}`);
    expect(reasonOf(nested(32))).toBe('ok');
    expect(reasonOf(nested(33))).toBe('too_deep');
  });
});

describe('an item with a member named twice', () => {
  it.each([
    ['at its top', '{"id":"x","id":"y"}'],
    ['in its params', JSON.stringify(aHookItem()).replace('{"invoiceid":123}', '{"a":1,"a":2}')],
    ['with the same value', JSON.stringify(aHookItem()).replace('{"invoiceid":123}', '{"a":1,"a":1}')],
    [
      'deep inside a list',
      JSON.stringify(aHookItem()).replace('{"invoiceid":123}', '{"l":[1,[{"x":{"a":1,"b":2,"a":3}}]]}'),
    ],
    ['once plain, once escaped', JSON.stringify(aHookItem()).replace('{"invoiceid":123}', '{"a":1,"\\u0061":2}')],
    ['escaped in two ways', JSON.stringify(aHookItem()).replace('{"invoiceid":123}', '{"\\/":1,"\\u002f":2}')],
    ['called __proto__', JSON.stringify(aHookItem()).replace('{"invoiceid":123}', '{"__proto__":1,"__proto__":2}')],
    ['as an empty name', JSON.stringify(aHookItem()).replace('{"invoiceid":123}', '{"":1,"":2}')],
    [
      'beside a long number',
      JSON.stringify(aHookItem()).replace('{"invoiceid":123}', '{"a":1,"a":12345678901234567890}'),
    ],
    [
      'by lone surrogates that become one character',
      JSON.stringify(aHookItem()).replace('{"invoiceid":123}', '{"\\ud800":1,"\\ud801":2}'),
    ],
  ])('%s is set aside, whole', (_name, item) => {
    const [read] = itemsOf(Buffer.from(`{"events":[${item}]}`));
    expect(read).toMatchObject({ ok: false, reason: 'duplicate_key', raw: item });
  });

  it.each([
    '{"a":"\\"a\\":1"}',
    '{"a":1,"A":2,"ä":3,"a\\u0308":4}',
    '{"a":{"a":{"a":1}}}',
    '{"a":[{"a":1},{"a":2}]}',
    '{"a:":1,"a":":"}',
  ])('%s is no such item', (params) => {
    expect(reasonOf(withParams(params))).toBe('ok');
  });
});

describe('values of an item', () => {
  it.each([
    ['9007199254740991', 9007199254740991],
    ['-9007199254740991', -9007199254740991],
    ['9007199254740992', '9007199254740992'],
    ['9007199254740993', '9007199254740993'],
    ['123456789012345678901234567890', '123456789012345678901234567890'],
    ['0.1', '0.1'],
    ['15.5', '15.5'],
    ['0.1000000000000000055511151231257827', '0.1000000000000000055511151231257827'],
    ['-12345678901234.56789', '-12345678901234.56789'],
    ['1e400', '1e400'],
    ['-1E+400', '-1E+400'],
    ['1e-400', '1e-400'],
    ['0', 0],
  ])('the number %s stays exact', (text, value) => {
    expect(paramsOf(withParams(`{"n":${text}}`))).toEqual({ n: value });
    expect(paramsOf(withParams(`{"deep":[{"n":${text}}]}`))).toEqual({ deep: [{ n: value }] });
  });

  it('numbers that differ in their last digit only give different digests', () => {
    const digests = ['9007199254740992', '9007199254740993'].map((n) => itemsOf(withParams(`{"n":${n}}`))[0]?.digest);
    expect(digests[0]).not.toBe(digests[1]);
  });

  it('keeps the digest when the same text stands in another delivery, as in a resend', () => {
    const item = JSON.stringify(aHookItem());
    const [alone] = itemsOf(Buffer.from(`{"events":[${item}]}`));
    const [, second] = itemsOf(Buffer.from(`{ "events" : [ ${JSON.stringify(aHookItem())},\n${item} ] }`));
    expect(alone?.digest).toBe(second?.digest);
  });

  it('four-byte characters come through as they are', () => {
    const text = '𠮷野家 李雷 👩‍💻 ﬃ A\u030a \u0000 \u2028';
    expect(paramsOf(bodyOf(aHookItem({ params: { text, [text]: 1 } })))).toEqual({ text, [text]: 1 });
  });

  it.each(['"x\\ud800y"', '"\\udc00"', '"\\udc00\\ud800"'])(
    'lone surrogates in %s become U+FFFD, and the item is taken',
    (text) => {
      const { a } = paramsOf(withParams(`{"a":${text}}`)) as { a: string };
      expect(a.isWellFormed()).toBe(true);
      expect(a).toContain('\ufffd');
      expect(itemsOf(withParams(`{"a":${text}}`))[0]?.raw).toContain(text);
    },
  );

  it.each([
    '{"__proto__":{"x":1},"b":2}',
    '{"__proto__":{"x":1},"b":12345678901234567890}',
    '{"b":{"__proto__":null,"constructor":1}}',
  ])('%s keeps its members, and nothing gets their prototype', (params) => {
    const read = paramsOf(withParams(params));
    expect(JSON.stringify(read)).toBe(params.replace('12345678901234567890', '"12345678901234567890"'));
    expect((read as { x?: number }).x).toBeUndefined();
    expect(({} as { x?: number }).x).toBeUndefined();
  });
});

describe('the shape of an item', () => {
  it('is that of the contract, read into our words', () => {
    const [read] = itemsOf(
      bodyOf(
        aHookItem({
          before: { status: 'Unpaid' },
          actor: { type: 'admin', id: 7, name: 'jane', role: null, acting_as: { type: 'client', id: 5 } },
        }),
      ),
    );
    expect(read).toMatchObject({
      ok: true,
      item: {
        kind: 'hook',
        hook: 'InvoicePaid',
        seq: '77',
        occurredAt: '2026-11-21T01:02:03.456Z',
        params: { invoiceid: 123 },
        before: { status: 'Unpaid' },
        actor: { type: 'admin', id: '7', name: 'jane', role: null, actingAs: 'client:5' },
        request: { peer: '203.0.113.42', via: 'ui', script: 'invoices.php', session: null },
      },
    });
  });

  it('knows table changes and activity lines', () => {
    const base = { id: 'x', occurred_at: '2026-11-21T01:02:03Z' };
    const items = itemsOf(
      bodyOf(
        { ...base, kind: 'table_change', table: 'tbladmins', key: 7, before: null, after: { a: 1 } },
        { ...base, kind: 'activity', text: 'Cron Job' },
      ),
    );
    expect(items).toMatchObject([
      {
        ok: true,
        item: {
          kind: 'table_change',
          table: 'tbladmins',
          key: '7',
          before: null,
          after: { a: 1 },
          actor: { type: 'unknown', id: null },
        },
      },
      { ok: true, item: { kind: 'activity', text: 'Cron Job', params: {} } },
    ]);
  });

  it('takes an empty PHP array for an empty object, and what is left out for nothing', () => {
    expect(paramsOf(bodyOf(aHookItem({ params: [] })))).toEqual({});
    expect(
      itemsOf(bodyOf({ id: 'x', kind: 'hook', hook: 'InvoicePaid', occurred_at: '2026-11-21T01:02:03Z' })),
    ).toMatchObject([
      {
        ok: true,
        item: { seq: null, params: {}, before: null, actor: { type: 'unknown' }, request: { peer: null, headers: {} } },
      },
    ]);
  });

  it('keeps forwarding headers under lower-case names, texts only', () => {
    const headers = { 'X-Forwarded-For': '1.2.3.4', 'CF-Connecting-IP': ['1.2.3.4'], x: 5 };
    expect(itemsOf(bodyOf(aHookItem({ request: { headers } })))).toMatchObject([
      { ok: true, item: { request: { headers: { 'x-forwarded-for': '1.2.3.4' } } } },
    ]);
  });

  it.each([
    ['2026-11-21T01:02:03Z', '2026-11-21T01:02:03.000Z'],
    ['2026-11-21T01:02:03.4Z', '2026-11-21T01:02:03.400Z'],
    ['2026-11-21T01:02:03.456789Z', '2026-11-21T01:02:03.456Z'],
    ['2026-11-21T01:02:03.999999999Z', '2026-11-21T01:02:03.999Z'],
    ['2026-11-21T01:02:03+08:00', '2026-11-20T17:02:03.000Z'],
    ['2028-02-29T00:00:00Z', '2028-02-29T00:00:00.000Z'],
  ])('reads the time %s as %s', (given, expected) => {
    expect(itemsOf(bodyOf(aHookItem({ occurred_at: given })))).toMatchObject([
      { ok: true, item: { occurredAt: expected } },
    ]);
  });

  it.each([
    ...[
      '2026-02-30T00:00:00Z',
      '2027-02-29T00:00:00Z',
      '2026-04-31T00:00:00Z',
      '2026-13-01T00:00:00Z',
      '2026-00-01T00:00:00Z',
      '2026-01-00T00:00:00Z',
    ],
    ...[
      '2026-01-01T24:00:00Z',
      '2026-01-01T25:00:00Z',
      '2026-01-01T00:60:00Z',
      '2026-01-01T00:00:61Z',
      '2026-01-01T00:00:00+25:00',
    ],
    ...[
      '2026-11-21 01:02:03',
      '2026-11-21T01:02:03',
      '2026-11-21',
      '1795219323',
      '',
      'yesterday',
      '0000-00-00T00:00:00Z',
      '1969-12-31T23:59:59Z',
      '2200-01-01T00:00:00Z',
    ],
    ...[1795219323, null, ['2026-11-21T01:02:03Z']],
  ])('sets an item aside for the time %j', (occurredAt) => {
    expect(reasonOf(bodyOf(aHookItem({ occurred_at: occurredAt })))).toBe('bad_time');
  });

  it.each([
    ['no id', { id: undefined }],
    ['a number for an id', { id: 7 }],
    ['an empty id', { id: '' }],
    ['an id with a space', { id: 'a b' }],
    ['an id with a line end', { id: 'a\n' }],
    ['an id beyond ASCII', { id: 'ä' }],
    ['an id of 65 characters', { id: 'x'.repeat(65) }],
    ['a negative sequence number', { seq: -1 }],
    ['a fraction for a sequence number', { seq: 1.5 }],
    ['words for a sequence number', { seq: 'seven' }],
    ['no hook', { hook: undefined }],
    ['an empty hook', { hook: '' }],
    ['a hook of 101 characters', { hook: 'x'.repeat(101) }],
    ['a list for params', { params: [1] }],
    ['a text for params', { params: 'x' }],
    ['a list for before', { before: [1] }],
    ['an actor of an unknown type', { actor: { type: 'robot' } }],
    ['a text for an actor', { actor: 'admin' }],
    ['a list for a name', { actor: { type: 'admin', name: ['x'] } }],
    ['an unknown way', { request: { via: 'pigeon' } }],
  ])('sets an item aside for %s', (_name, parts) => {
    expect(reasonOf(bodyOf(aHookItem(parts)))).toBe('bad_shape');
  });

  it.each([undefined, null, 'Hook', 'own', 7, '__proto__'])('sets an item of the kind %j aside', (kind) => {
    expect(reasonOf(bodyOf(aHookItem({ kind })))).toBe('unknown_kind');
  });

  it('takes a sequence number over 2^53', () => {
    const body = Buffer.from(JSON.stringify({ events: [aHookItem()] }).replace('"seq":77', '"seq":9007199254740993'));
    expect(itemsOf(body)).toMatchObject([{ ok: true, item: { seq: '9007199254740993' } }]);
  });

  it('cuts over-long names of actors instead of losing the item', () => {
    expect(itemsOf(bodyOf(aHookItem({ actor: { type: 'admin', name: '😀'.repeat(400) } })))).toMatchObject([
      { ok: true, item: { actor: { name: '😀'.repeat(250) } } },
    ]);
  });
});
