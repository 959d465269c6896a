import { formatCheckpoint } from '../../core/checkpoint';
import { signNote } from '../../core/signed-note';
import { anAppendItem } from '../../testing/append-item';
import type { Sender, SenderAnswer } from '../../testing/sender';
import { createTestApp, type TestApp } from '../../testing/test-app';
import { ENGINES } from '../../testing/test-database';

describe.each(ENGINES)('checkpoints in the billing database, with the sidecar on %s', (engine) => {
  let app: TestApp;
  let sender: Sender;

  beforeEach(async () => {
    app = await createTestApp(engine);
    sender = await app.pair();
  });
  afterEach(() => app.stop());

  async function beat(checkpoints?: unknown): Promise<SenderAnswer & { readonly note: string | null }> {
    const body = {
      installation: { whmcs: '9.0.1', bridge: '1.1.0', node: 'a1b2' },
      outbox: { pending: 0, next_seq: 1 },
      ...(checkpoints === undefined ? {} : { checkpoints }),
    };
    const answer = await sender.sendBody(JSON.stringify(body), { path: '/bridge/v1/heartbeat' });
    expect(answer.status).toBe(200);
    return { ...answer, note: (JSON.parse(answer.text) as { checkpoint: string | null }).checkpoint };
  }
  const holding = (...held: string[]) => ({ held, refused: null });
  async function sign(count = 1) {
    await app.deps.store.append(
      app.ledger,
      Array.from({ length: count }, () => anAppendItem(app.ledger)),
    );
    return app.deps.checkpoints.sign(app.ledger, 'request');
  }
  async function told(action: string): Promise<Record<string, unknown>[]> {
    const records = (await app.database.knex('entries').where({ action }).orderBy('seq').pluck('record')) as string[];
    return records.map(
      (record) => (JSON.parse(record) as { source: { payload: Record<string, unknown> } }).source.payload,
    );
  }
  /** What our key signed, of a tree that the ledger does not give. */
  function forged(origin: string, size: number): string {
    return signNote(formatCheckpoint({ origin, size, root: Buffer.alloc(32, 5) }), app.deps.keyRing.noteSigner(origin));
  }

  it('are handed out with a signed answer to a bridge that keeps them, and published when it says that it holds them', async () => {
    expect((await beat()).note).toBeNull();
    const { note, size } = await sign();
    expect((await beat()).note).toBeNull();
    const answer = await beat(holding());
    expect(answer.note).toBe(note);
    expect(answer.headers.get('sealtrail-answer')).toMatch(/^v1,[\w+/]{43}=$/);
    expect(await app.deps.anchors.status(app.ledger)).toMatchObject([{ anchor: { kind: 'bridge', name: 'billing' }, taken: undefined, waiting: { size } }]); // prettier-ignore
    await beat(holding(note));
    await beat(holding(note));
    expect(await told('audit.checkpoint_published')).toMatchObject([{ kind: 'bridge', size }]);
    expect(await app.deps.anchors.heldCheckpoints(app.ledger)).toMatchObject([{ note, where: 'billing database of bridge billing' }]); // prettier-ignore
    expect(await told('audit.chain_broken')).toEqual([]);
  });

  it('are compared: more entries than here, or other ones, are a broken chain, told once', async () => {
    const { origin, size } = await sign(3);
    const longer = forged(origin, size + 50);
    const other = forged(origin, size);
    for (const note of [longer, longer, other, other]) await beat(holding(note));
    const broken = await told('audit.chain_broken');
    expect(broken.map(({ detail }) => detail)).toEqual([
      `the billing database holds a checkpoint of ${size + 50} entries, here are ${size}`,
      `the billing database holds another checkpoint of ${size} entries than the ledger gives now`,
    ]);
    expect((await app.deps.anchors.heldCheckpoints(app.ledger)).map((one) => one.note)).toEqual([other]);
  });

  it('without our signature are named and not believed', async () => {
    const { note, origin, size } = await sign();
    const stranger = signNote(formatCheckpoint({ origin, size: 99, root: Buffer.alloc(32) }), {
      name: origin,
      seed: Buffer.alloc(32),
    });
    for (const spoiled of [note.replace(`\n${size}\n`, `\n${size + 1}\n`), stranger, 'no note', ''])
      await beat(holding(spoiled));
    expect(await told('audit.anchor_failed')).toHaveLength(4);
    expect(await told('audit.chain_broken')).toEqual([]);
    expect(await app.deps.anchors.heldCheckpoints(app.ledger)).toEqual([]);
  });

  it('that the bridge refuses are told as critical', async () => {
    const { note, size } = await sign();
    const report = { held: [], refused: { note, reason: 'held is size 900' } };
    await beat(report);
    await beat(report);
    const refused = await told('audit.checkpoint_refused');
    expect(refused).toMatchObject([{ kind: 'bridge', size, detail: 'the bridge refused it: held is size 900' }]);
  });

  it('that the bridge refuses because a later one of the same history overtook them are no refusal', async () => {
    const earlier = await sign();
    const later = await sign(3);
    await beat({ held: [later.note], refused: { note: earlier.note, reason: `held is size ${later.size}` } });
    expect(await told('audit.checkpoint_refused')).toEqual([]);
    const other = forged(later.origin, later.size - 1);
    await beat({ held: [later.note], refused: { note: other, reason: `held is size ${later.size}` } });
    expect(await told('audit.checkpoint_refused')).toMatchObject([{ kind: 'bridge', size: later.size - 1 }]);
  });

  it('are not handed out once the operator removed the anchor', async () => {
    const { note } = await sign();
    await beat(holding(note));
    await app.deps.anchors.remove(sender.bridge.id);
    expect((await beat(holding(note))).note).toBeNull();
    expect(await app.deps.anchors.list()).toEqual([]);
  });

  it('are compared under the present origin alone: a new one names what the old one lost', async () => {
    const { origin } = await sign();
    await app.database.knex('trees').update({ state: 'stopped', stopped_detail: 'test', stopped_at: 1 });
    await app.deps.checkpoints.startOrigin(app.ledger, 'put back from a backup');
    await beat(holding(forged(origin, 5_000)));
    expect(await told('audit.chain_broken')).toEqual([]);
    expect((await app.deps.anchors.heldCheckpoints(app.ledger)).map((one) => [one.origin, one.size])).toEqual([
      [origin, 5_000],
    ]);
  });

  it.each(['note', 'origin', 'reported_at', 'mac'])(
    'in our record of what is held, an edited %s is named',
    async (column) => {
      const { note } = await sign();
      await beat(holding(note));
      const row = await app.database.knex('anchor_reports').first<Record<string, unknown>>();
      const value = row?.[column];
      await app.database.knex('anchor_reports').update({ [column]: typeof value === 'number' ? value + 1 : String(value).replace(/^./s, (first) => (first === 'a' ? 'b' : 'a')) }); // prettier-ignore
      const { faults, held } = await app.deps.anchors.readCopies(app.ledger);
      expect([held, faults.map(({ detail }) => detail).join()]).toEqual([
        [],
        expect.stringContaining('was changed in the database'),
      ]);
    },
  );

  it('that cannot be handed out do not keep the heartbeat from its answer', async () => {
    await sign();
    await app.database.knex.schema.dropTable('anchor_copies');
    expect((await beat(holding())).note).toBeNull();
    expect(JSON.parse((await beat(holding())).text)).toMatchObject({ ok: true });
  });
});
