import { checkProof } from '../../cli/check-proof';
import { openCheckpoint } from '../../core/checkpoint';
import { leafHash, rootOfLeaves, verifyConsistency } from '../../core/merkle';
import { anAppendItem } from '../../testing/append-item';
import { createTestApp, type TestApp } from '../../testing/test-app';
import { ENGINES } from '../../testing/test-database';

describe.each(ENGINES)('the tree over the API on %s', (engine) => {
  let test: TestApp;
  let token: string;
  let vkeys: readonly string[];

  beforeAll(async () => {
    test = await createTestApp(engine);
    token = await test.token(['read']);
    const items = Array.from({ length: 299 }, () => anAppendItem(test.ledger));
    await test.deps.store.append(test.ledger, items);
    await test.deps.checkpoints.sign(test.ledger, 'request');
    vkeys = await test.deps.checkpoints.vkeys(test.ledger);
  });
  afterAll(() => test.stop());

  const ask = (where: string, bearer = token) =>
    fetch(`${test.url}/api/v1${where}`, { headers: { authorization: `Bearer ${bearer}` } });
  const bytesOf = async (answer: Response) => Buffer.from(await answer.arrayBuffer());
  const records = async () => (await test.database.knex('entries').orderBy('seq').pluck('record')) as string[];
  const code = async (answer: Response) => ((await answer.json()) as { type: string }).type.split(':').at(-1);

  it('gives the newest checkpoint as a signed note', async () => {
    const answer = await ask('/checkpoint');
    expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const root = rootOfLeaves((await records()).map(leafHash));
    expect(openCheckpoint(await answer.text(), vkeys)).toMatchObject({ ok: true, checkpoint: { size: 300, root } });
  });

  it('gives tiles, whole and partial, that anybody can build the root of', async () => {
    const [whole, partial, above] = await Promise.all(
      ['/tile/0/000', '/tile/0/001.p/44', '/tile/1/000.p/1'].map(async (where) => {
        const answer = await ask(where);
        expect(answer.headers.get('content-type')).toBe('application/octet-stream');
        expect(answer.headers.get('cache-control')).toContain('immutable');
        return bytesOf(answer);
      }),
    );
    const leaves = (await records()).map(leafHash);
    expect(whole).toEqual(Buffer.concat(leaves.slice(0, 256)));
    expect(partial).toEqual(Buffer.concat(leaves.slice(256)));
    expect(above).toEqual(rootOfLeaves(leaves.slice(0, 256)));
    expect(await bytesOf(await ask('/tile/0/000.p/7'))).toEqual(Buffer.concat(leaves.slice(0, 7)));
  });

  it.each([
    '/tile/0/001',
    '/tile/0/001.p/45',
    '/tile/2/000',
    '/tile/0/1',
    '/tile/0/000.p/0',
    '/tile/entries/001',
    '/tile/x',
  ])('has no %s', async (where) => {
    const answer = await ask(where);
    expect(answer.status).toBe(404);
    expect(await code(answer)).toBe('not_found');
  });

  it('gives entry bundles: each record behind two bytes of its length, and no erasable value', async () => {
    const bundle = await bytesOf(await ask('/tile/entries/001.p/44'));
    const found: string[] = [];
    for (let at = 0; at < bundle.length;) {
      const length = bundle.readUInt16BE(at);
      found.push(bundle.toString('utf8', at + 2, at + 2 + length));
      at += 2 + length;
    }
    expect(found).toEqual((await records()).slice(256));
    const values = (await test.database.knex('entry_values').where('seq', 2).first()) as { actor_body: string };
    const { name } = JSON.parse(values.actor_body) as { name: string };
    expect(bundle.toString('utf8')).not.toContain(name);
  });

  it('proves an entry by number and by id, to somebody who has the verifier key and nothing else', async () => {
    const row = (await test.database.knex('entries').where('seq', 257).first()) as { id: string; record: string };
    for (const id of ['257', row.id]) {
      const answer = await ask(`/entries/${id}/proof`);
      expect(answer.headers.get('content-disposition')).toContain('sealtrail-default-257.tlog-proof');
      const check = checkProof({ proof: await answer.text(), record: undefined, vkeys });
      expect(check).toMatchObject({ ok: true, seq: 257, size: 300, record: row.record });
    }
  });

  it('proves that the log continues what it was', async () => {
    const answer = (await (await ask('/consistency?from=100')).json()) as {
      from: number;
      to: number;
      hashes: string[];
    };
    expect(answer).toMatchObject({ from: 100, to: 300 });
    const leaves = (await records()).map(leafHash);
    const claim = {
      oldSize: 100,
      newSize: 300,
      oldRoot: rootOfLeaves(leaves.slice(0, 100)),
      newRoot: rootOfLeaves(leaves),
      proof: answer.hashes.map((hash) => Buffer.from(hash, 'base64')),
    };
    expect(verifyConsistency(claim)).toBe(true);
  });

  it.each([
    ['/entries/301/proof', 404, 'entry_not_found'],
    ['/entries/0/proof', 404, 'entry_not_found'],
    ['/entries/nobody/proof', 404, 'entry_not_found'],
    ['/entries/1/proof?size=3', 400, 'bad_request'],
    ['/checkpoint?ledger=other', 400, 'bad_filter'],
    ['/consistency', 400, 'bad_request'],
    ['/consistency?from=0', 400, 'bad_request'],
    ['/consistency?from=5&to=4', 400, 'bad_request'],
    ['/consistency?from=5&to=400', 400, 'bad_request'],
  ])('%s is answered with %i %s', async (where, status, wanted) => {
    const answer = await ask(where);
    expect(answer.status).toBe(status);
    expect(await code(answer)).toBe(wanted);
  });

  it.each(['/checkpoint', '/tile/0/000', '/tile/entries/000', '/entries/1/proof', '/consistency?from=1'])(
    '%s needs a token that may read, and gives another tenant nothing of this one',
    async (where) => {
      expect((await fetch(`${test.url}/api/v1${where}`)).status).toBe(401);
      expect((await ask(where, await test.token(['export']))).status).toBe(403);
      const other = await ask(
        `${where}${where.includes('?') ? '&' : '?'}ledger=default`,
        await test.token(['read'], 'other'),
      );
      expect(other.status).toBe(400);
    },
  );

  describe('once entries are there that the format cannot write, or not any more', () => {
    /** Refusals before this are entries as well. */
    let longSeq = 0;

    beforeAll(async () => {
      const long = anAppendItem(test.ledger, { payload: { status: 'x'.repeat(70_000) } });
      const [stored] = await test.deps.store.append(test.ledger, [long]);
      longSeq = stored?.receipts[0]?.seq ?? 0;
      for (const verb of ['update', 'delete']) await test.database.knex.raw(`DROP TRIGGER entries_no_${verb}`);
      await test.deps.tree.catchUp(test.ledger);
      await test.database.knex('entries').where({ seq: 10 }).delete();
    });

    it('says that a record is too long for a bundle, and gives those before it', async () => {
      const [record = ''] = (await test.database.knex('entries').where('seq', longSeq).pluck('record')) as string[];
      expect(record.length).toBeGreaterThan(65_535);
      const answer = await ask(`/tile/entries/001.p/${longSeq - 256}`);
      expect(answer.status).toBe(422);
      const problem = (await answer.json()) as { type: string; detail: string };
      expect(problem.detail).toMatch(new RegExp(`^entry ${longSeq} has \\d+ bytes`));
      expect((await ask(`/tile/entries/001.p/${longSeq - 257}`)).status).toBe(200);
    });

    it('says that entries of a bundle are gone, and still proves them', async () => {
      const answer = await ask('/tile/entries/000');
      expect(answer.status).toBe(410);
      expect(await code(answer)).toBe('entries_gone');
      const proof = await (await ask('/entries/10/proof')).text();
      expect(checkProof({ proof, record: undefined, vkeys })).toMatchObject({ ok: false, fault: 'no_record' });
      expect((await ask('/tile/0/000')).status).toBe(200);
    });

    it('proves what was there, and not what somebody made of it', async () => {
      await test.database.knex('entries').where({ seq: 20 }).update({ record: '{"seq":"20","ledger":"default"}' });
      const proof = await (await ask('/entries/20/proof')).text();
      expect(proof).not.toContain('extra');
      const record = '{"seq":"20","ledger":"default"}';
      expect(checkProof({ proof, record, vkeys })).toMatchObject({ ok: false, fault: 'not_included' });
    });

    it('signs what is new before it proves it', async () => {
      const [record] = (await test.database.knex('entries').where('seq', longSeq).pluck('record')) as string[];
      const proof = await (await ask(`/entries/${longSeq}/proof`)).text();
      expect(checkProof({ proof, record: undefined, vkeys })).toMatchObject({
        ok: true,
        seq: longSeq,
        size: longSeq,
        record,
      });
    });

    it('proves nothing new once the ledger is stopped', async () => {
      await test.deps.store.append(test.ledger, [anAppendItem(test.ledger)]);
      await test.database.knex('trees').update({ signed_root: '0'.repeat(64) });
      const answer = await ask(`/entries/${longSeq + 1}/proof`);
      expect(answer.status).toBe(409);
      expect(await code(answer)).toBe('ledger_stopped');
      expect((await ask('/entries/5/proof')).status).toBe(200);
    });
  });
});
