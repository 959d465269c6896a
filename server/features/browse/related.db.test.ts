import { anAppendItem, type AppendItemOptions } from '../../testing/append-item';
import { anActor } from '../../testing/builders';
import { createTestApp, type TestApp } from '../../testing/test-app';
import { ENGINES } from '../../testing/test-database';
import type { Relation } from './related-service';

const jane = anActor({ id: '7', name: 'jane' });
const wang = anActor({ id: '8', name: 'wang' });
const target = (id: string) => ({ type: 'invoice', id, label: null });
const at = (seconds: number) => new Date(Date.UTC(2026, 10, 21, 1) + seconds * 1000).toISOString();

interface Answer {
  readonly seq: number;
  readonly groups: readonly {
    readonly relation: Relation;
    readonly entries: readonly { readonly seq: number }[];
    readonly filter: object | null;
    readonly window: number | null;
  }[];
}

describe.each(ENGINES)('what is related to an entry, on %s', (engine) => {
  let test: TestApp;
  let token: string;
  /** Sequence number of the first entry of ours: the ledger begins with one of its own. */
  let first: number;

  const ask = async (where: string, bearer = token) => {
    const answer = await fetch(`${test.url}/api/v1${where}`, { headers: { authorization: `Bearer ${bearer}` } });
    return { status: answer.status, body: (await answer.json()) as Answer };
  };
  const groupsOf = async (place: number, query = '') => {
    const { body } = await ask(`/entries/${first + place}/related${query}`);
    return Object.fromEntries(
      body.groups.map(({ relation, entries }) => [relation, entries.map(({ seq }) => seq - first)]),
    );
  };

  beforeAll(async () => {
    test = await createTestApp(engine);
    token = await test.token(['read']);
    first = ((await test.deps.store.findHead(test.ledger))?.seq ?? 0) + 1;
    const events: AppendItemOptions[] = [
      { actor: jane, target: target('1'), session: 'a'.repeat(16), occurredAt: at(0) },
      { actor: wang, target: target('2'), session: 'b'.repeat(16), occurredAt: at(1) },
      { actor: jane, target: target('2'), session: 'a'.repeat(16), occurredAt: at(60), script: 'clients.php' },
      // One request that two hooks reported, and one item that was told in two parts.
      { actor: jane, target: target('3'), session: 'a'.repeat(16), occurredAt: at(60.5), script: 'clients.php' },
      { actor: wang, parts: [{ target: target('4') }, { target: target('5') }], occurredAt: at(61), script: null },
      { actor: jane, target: target('2'), session: 'c'.repeat(16), occurredAt: at(62), script: 'clients.php' },
      { actor: jane, target: target('1'), session: 'a'.repeat(16), occurredAt: at(90), script: 'clients.php' },
    ];
    await test.deps.store.append(test.ledger, events.map((event) => anAppendItem(test.ledger, event))); // prettier-ignore
  });
  afterAll(() => test.stop());

  it('is what has the same target, account, session and request, and the neighbours in the chain', async () => {
    expect(await groupsOf(2)).toEqual({
      request: [3],
      target: [1, 6],
      session: [0, 3, 7],
      actor: [0, 3, 6, 7],
      around: [-1, 0, 1, 3, 4, 5],
    });
  });

  it('is the other part of the same item', async () => {
    expect((await groupsOf(4))['request']).toEqual([5]);
  });

  it('says by which filter the log shows all of it, and how far was looked where no index tells', async () => {
    const { body } = await ask(`/entries/${first + 2}/related`);
    expect(body.groups.map(({ relation, filter, window }) => [relation, filter, window])).toEqual([
      ['request', null, 50],
      ['target', { target: 'invoice:2' }, null],
      ['session', null, 100],
      ['actor', { actor: 'admin:7' }, null],
      ['around', null, null],
    ]);
  });

  it('is the nearest on either side', async () => {
    expect(await groupsOf(3, '?limit=1')).toMatchObject({ actor: [2, 6], around: [2, 4] });
  });

  it('is found by the id of the entry as well', async () => {
    const [id] = await test.database.knex('entries').where({ seq: first + 2 }).pluck<string[]>('id'); // prettier-ignore
    expect((await ask(`/entries/${id}/related`)).body.seq).toBe(first + 2);
  });

  it('holds nothing of others for who may read their own entries alone', async () => {
    const entry = await test.deps.browse.findEntry(test.ledger, String(first + 2));
    const groups =
      entry && (await test.deps.related.find(test.ledger, entry, { perSide: 5, scope: { actor: 'admin:8' } }));
    expect(new Set(groups?.flatMap(({ entries }) => entries.map(({ actor }) => actor.id)))).toEqual(new Set(['8']));
  });

  it.each(['?limit=0', '?limit=21', '?limit=x', '?per_page=3', '?limit=1&limit=2'])('refuses %s', async (query) => {
    expect((await ask(`/entries/${first}/related${query}`)).status).toBe(400);
  });

  it('is refused without the scope, and unknown to another tenant', async () => {
    expect((await ask(`/entries/${first}/related`, await test.token(['verify']))).status).toBe(403);
    expect((await ask(`/entries/${first + 2}/related`, await test.token(['read'], 'other'))).status).toBe(404);
    expect((await ask('/entries/999999/related')).status).toBe(404);
  });
});
