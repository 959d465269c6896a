import { existsSync, readFileSync } from 'node:fs';
import type { Knex } from 'knex';
import pino from 'pino';
import { codePhrase, type PurgeKind, type PurgeRequest } from '../../core/purge-request';
import { SEGMENT } from '../../core/prune-certificate';
import { createDeps } from '../../deps';
import { ensureLedger } from '../../entries/ledger-setup';
import { anAppendItem } from '../../testing/append-item';
import { createTestStore, type TestStore } from '../../testing/test-app';
import { ENGINES } from '../../testing/test-database';
import { UNKNOWN_ACTOR, actorOf, type Viewer } from '../access/viewer';
import { DEFAULT_DELAY_MS, FRESH_MS, PurgeRefusedError, type PurgeAsker } from './purge-service';

const HOUR_MS = 3_600_000;
/** Two whole segments and some more: the genesis entry stays. */
const SIZE = 2 * SEGMENT + 40;
const GOING = 2 * SEGMENT - 1;

let test: TestStore;
let db: Knex;

const viewer = (name: string, role: Viewer['role'] = 'super_admin'): Viewer => ({ name, role, tenant: 'default' });
const OPERATOR: PurgeAsker = { ref: 'system:', name: 'command line', via: 'cli', signedInAt: null };
const purges = () => test.deps.danger.purges;

/** Signs in as the page does; who then asks or confirms. */
async function signIn(name: string, role: Viewer['role'] = 'super_admin'): Promise<PurgeAsker> {
  const person = viewer(name, role);
  test.clock.advance(1_000);
  await test.deps.ownEvents.record('default', { action: 'audit.login', actor: actorOf(person), targetId: name, via: 'ui' }); // prettier-ignore
  return askerOf(name);
}

function askerOf(name: string): PurgeAsker {
  return {
    ref: `admin:${name}`,
    name,
    actor: actorOf(viewer(name)),
    via: 'ui',
    signedInAt: test.clock.now().getTime(),
  };
}

async function fill(size = SIZE): Promise<void> {
  const receivedAt = test.clock.now().toISOString();
  const items = Array.from({ length: size - 1 }, (_, i) => anAppendItem(test.ledger, { eventId: `event-${i}`, receivedAt })); // prettier-ignore
  await test.deps.appender.append(test.ledger, items, []);
  await test.deps.indexer.catchUp();
}

const ask = (
  asker: PurgeAsker,
  wishes: { kind?: PurgeKind; until?: number | null; phrase?: string; keepsArchive?: boolean } = {},
) =>
  // prettier-ignore
  purges().ask(
    test.ledger,
    { kind: 'purge', until: null, keepsArchive: true, phrase: codePhrase(wishes.kind ?? 'purge', GOING), ...wishes },
    asker,
  );
const confirm = (request: PurgeRequest, asker: PurgeAsker, seen = GOING) => purges().confirm(test.ledger, request.id, seen, asker); // prettier-ignore
const run = (request: PurgeRequest) => test.deps.danger.runner.run(test.ledger, request.id);
const numberOf = async (action: string) => (await db('entries').where({ ledger_id: test.ledger.id, action })).length;
const seqs = () => db('entries').where({ ledger_id: test.ledger.id }).orderBy('seq').pluck<number[]>('seq');

async function reasonOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'accepted';
  } catch (error) {
    if (error instanceof PurgeRefusedError) return error.reason;
    throw error;
  }
}

async function verify(ledger = 'default') {
  const { ledgers } = await test.deps.verifier.verify({ ledger, derived: true });
  return ledgers[0];
}

/** Asked for by jane, who may be confirmed by joe, as soon as he signs in. */
async function asked(): Promise<PurgeRequest> {
  await fill();
  await signIn('joe');
  const request = await ask(await signIn('jane'));
  test.clock.advance(DEFAULT_DELAY_MS);
  return request;
}

describe.each(ENGINES)('a purge on %s', (engine) => {
  beforeEach(async () => {
    test = await createTestStore(engine);
    db = test.database.knex;
  });
  afterEach(() => test.stop());

  it('takes everything but the newest segment and what proves it, and leaves an intact ledger', async () => {
    const request = await asked();
    await confirm(request, await signIn('joe'));
    const outcome = await run(request);
    expect(outcome).toMatchObject({
      entries: GOING,
      request: { state: 'done', decidedBy: { name: 'joe' } },
      sheets: [],
    });
    expect((await seqs()).slice(0, 2)).toEqual([1, 2 * SEGMENT + 1]);
    expect(await verify()).toMatchObject({ verdict: 'intact', broken: [], pruned: GOING });
    const purged = await test.deps.browse.findEntry(test.ledger, String(outcome.request.doneSeq));
    expect(purged).toMatchObject({
      action: 'audit.purged',
      severity: 'critical',
      actor: { type: 'admin', id: 'joe' },
      source: { payload: { request: request.id, entries: GOING, asked_by: 'jane', confirmed_by: 'joe', archive: 'kept', checkpoint_root: expect.stringMatching(/^[0-9a-f]{64}$/) } },
    }); // prettier-ignore
    const [archive] = await test.deps.retention.archives.list(test.ledger);
    expect(await test.deps.retention.archives.verify(archive?.file ?? '')).toMatchObject({ entries: 512, faults: [] });
  });

  it('still finds a deletion by hand beside it', async () => {
    const request = await asked();
    await confirm(request, await signIn('joe'));
    await run(request);
    await db.raw('DROP TRIGGER entries_no_delete');
    await db('entry_values').where({ ledger_id: test.ledger.id, seq: 520 }).delete();
    await db('entries').where({ ledger_id: test.ledger.id, seq: 520 }).delete();
    const report = await verify();
    expect(report?.verdict).toBe('broken');
    expect(report?.broken.map(({ seq }) => seq)).toContain(520);
  });

  it('takes only what was received before a day', async () => {
    await fill(SEGMENT + 10);
    test.clock.advance(10 * 24 * HOUR_MS);
    const until = test.clock.now().getTime() - 24 * HOUR_MS;
    const receivedAt = test.clock.now().toISOString();
    await test.deps.appender.append(test.ledger, Array.from({ length: 2 * SEGMENT }, () => anAppendItem(test.ledger, { receivedAt })), []); // prettier-ignore
    const planned = await purges().plan(test.ledger, until);
    expect(planned).toMatchObject({ entries: SEGMENT - 1, held: [] });
    expect(await reasonOf(ask(await signIn('jane'), { until: test.clock.now().getTime() + 2_000 }))).toBe('until');
    const request = await ask(OPERATOR, { until, phrase: codePhrase('purge', SEGMENT - 1) });
    await confirm(request, OPERATOR, SEGMENT - 1);
    expect(await run(request)).toMatchObject({ entries: SEGMENT - 1 });
    expect((await seqs()).slice(0, 2)).toEqual([1, SEGMENT + 1]);
  });

  it('leaves no archive where none was wanted, and says so', async () => {
    await fill();
    const request = await ask(OPERATOR, { keepsArchive: false });
    await confirm(request, OPERATOR);
    expect(await run(request)).toMatchObject({ archives: [] });
    const [archive] = await test.deps.retention.archives.list(test.ledger);
    expect([archive?.bytes, existsSync(archive?.file ?? '')]).toEqual([null, false]);
    expect(await verify()).toMatchObject({ verdict: 'intact', pruned: GOING });
  });

  it('is done at once for the operator at the command line, and told in the chain', async () => {
    await fill();
    const request = await ask(OPERATOR);
    expect(await reasonOf(confirm(request, OPERATOR))).toBe('accepted');
    expect(await run(request)).toMatchObject({ entries: GOING });
    expect([await numberOf('audit.purge_requested'), await numberOf('audit.purged')]).toEqual([2, 1]);
  });

  it('is done once, however often it is run', async () => {
    await fill();
    const request = await ask(OPERATOR);
    await confirm(request, OPERATOR);
    await run(request);
    const again = await run(request);
    expect(again).toMatchObject({ entries: GOING, request: { state: 'done' } });
    expect([await numberOf('audit.pruned'), await numberOf('audit.purged')]).toEqual([1, 1]);
  });

  it.each(['planned', 'archived', 'entry', 'certified', 'deleted'])('goes on after its process ended at %s', async (step) => {
    await fill();
    const request = await ask(OPERATOR);
    await confirm(request, OPERATOR);
    const dying = createDeps(test.config, {
      now: () => test.clock.now(),
      logger: pino({ level: 'silent' }),
      onPruneStep: (at) => {
        if (at === step) throw new Error(`killed at ${step}`);
      },
    });
    await expect(dying.danger.runner.run(test.ledger, request.id)).rejects.toThrow(`killed at ${step}`);
    await dying.close();
    test.clock.advance(600_000);
    expect(await verify()).toMatchObject({ verdict: 'intact', broken: [] });
    expect(await run(request)).toMatchObject({ entries: GOING, request: { state: 'done' } });
    expect(await verify()).toMatchObject({ verdict: 'intact', broken: [], pruned: GOING });
    expect([await numberOf('audit.pruned'), await numberOf('audit.purged')]).toEqual([1, 1]);
    // Two programs in one process: on SQLite each wait of one holds up the other.
  }); // prettier-ignore

  it('lets events in all the while', async () => {
    await fill();
    const request = await ask(OPERATOR);
    await confirm(request, OPERATOR);
    let running = true;
    let appended = 0;
    const ingest = async () => {
      while (running) {
        const receivedAt = test.clock.now().toISOString();
        await test.deps.appender.append(test.ledger, [anAppendItem(test.ledger, { receivedAt })], []);
        appended += 1;
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    await Promise.all([run(request).finally(() => (running = false)), ingest()]);
    expect(appended).toBeGreaterThan(3);
    expect(await verify()).toMatchObject({ verdict: 'intact', broken: [], pruned: GOING });
  });

  describe('is refused', () => {
    it.each([
      ['another phrase', 'DELETE EVERYTHING'],
      ['another number', codePhrase('purge', GOING - 1)],
      ['that of an uninstall', codePhrase('uninstall', GOING)],
      ['no phrase', ''],
      ['the phrase in small letters', codePhrase('purge', GOING).toLowerCase()],
    ])('with %s', async (_name, phrase) => {
      await fill();
      expect(await reasonOf(ask(await signIn('jane'), { phrase }))).toBe('phrase');
      expect(await numberOf('audit.purge_requested')).toBe(0);
    });

    it('where nothing could go', async () => {
      await fill(100);
      expect(await reasonOf(ask(await signIn('jane'), { phrase: codePhrase('purge', 0) }))).toBe('nothing');
    });

    it('while a legal hold keeps some of it, at both steps, and the hold is named', async () => {
      const request = await asked();
      const scope = { client: null, target: null, actor: null, after: 0, before: null };
      const hold = await test.deps.retention.holds.place(test.ledger, scope, 'case 7', { name: 'jane', via: 'cli' });
      const joe = await signIn('joe');
      expect(await reasonOf(confirm(request, joe))).toBe('held');
      await expect(confirm(request, joe)).rejects.toThrow(hold.id);
      await purges().cancel(test.ledger, request.id, joe);
      expect(await reasonOf(ask(joe))).toBe('held');
    });

    it('while another one waits', async () => {
      await asked();
      expect(await reasonOf(ask(askerOf('joe')))).toBe('open');
    });

    it('of two at once but for one', async () => {
      await fill();
      const jane = await signIn('jane');
      const both = await Promise.all([reasonOf(ask(jane)), reasonOf(ask(jane))]);
      expect(both.sort()).toEqual(['accepted', 'open']);
    });

    it('before its delay is over', async () => {
      await fill();
      await signIn('joe');
      const request = await ask(await signIn('jane'));
      test.clock.advance(DEFAULT_DELAY_MS - 60_000);
      expect(await reasonOf(confirm(request, await signIn('joe')))).toBe('delay');
      test.clock.advance(60_000);
      expect(await reasonOf(confirm(request, await signIn('joe')))).toBe('accepted');
    });

    it('to the same person twice where there is a second one, also under capitals', async () => {
      const request = await asked();
      expect(await reasonOf(confirm(request, await signIn('jane')))).toBe('second');
      expect(await reasonOf(confirm(request, await signIn('JANE')))).toBe('second');
      expect(await reasonOf(confirm(request, await signIn('joe')))).toBe('accepted');
    });

    it('to one who is alone until three times the delay is over', async () => {
      await fill();
      await signIn('auditor', 'auditor');
      const request = await ask(await signIn('jane'));
      expect(request).toMatchObject({ needsSecond: false, delayMs: 3 * DEFAULT_DELAY_MS });
      test.clock.advance(DEFAULT_DELAY_MS + HOUR_MS);
      expect(await reasonOf(confirm(request, await signIn('jane')))).toBe('delay');
      test.clock.advance(2 * DEFAULT_DELAY_MS);
      expect(await reasonOf(confirm(request, await signIn('jane')))).toBe('accepted');
    });

    it('to one who was alone, once a second person is there', async () => {
      await fill();
      const request = await ask(await signIn('jane'));
      test.clock.advance(3 * DEFAULT_DELAY_MS);
      const joe = await signIn('joe');
      expect(await reasonOf(confirm(request, await signIn('jane')))).toBe('second');
      expect(await reasonOf(confirm(request, joe))).toBe('accepted');
    });

    it('to the one who asked where somebody else may purge by a role that was made here', async () => {
      await fill();
      const rights = ['entries.read_own', 'data.purge'] as const;
      const by = { name: 'test', rights, via: 'cli' } as const;
      const purger = await test.deps.roles.save(test.ledger.tenant, { id: null, name: 'Purger', rights }, by);
      const reader = await test.deps.roles.save(test.ledger.tenant, { id: null, name: 'Reader', rights: [rights[0]] }, by); // prettier-ignore
      expect([purger.ok, reader.ok]).toEqual([true, true]);
      const inRole = async (name: string, roleName: string) => {
        const actor = actorOf({ ...viewer(name, 'standard_user'), roleName });
        await test.deps.ownEvents.record('default', { action: 'audit.login', actor, targetId: name, via: 'ui' });
      };
      await inRole('bob', 'Reader');
      await inRole('eve', 'No such role');
      const jane = await signIn('jane');
      expect((await purges().terms(test.ledger, jane)).others).toEqual([]);
      await inRole('joe', 'Purger');
      expect((await purges().terms(test.ledger, jane)).others).toEqual([{ ref: 'admin:joe', name: 'joe' }]);
      const request = await ask(jane);
      expect(request).toMatchObject({ needsSecond: true, delayMs: DEFAULT_DELAY_MS });
      test.clock.advance(DEFAULT_DELAY_MS);
      expect(await reasonOf(confirm(request, await signIn('jane')))).toBe('second');
      await inRole('joe', 'Purger');
      expect(await reasonOf(confirm(request, askerOf('joe')))).toBe('accepted');
    });

    it('behind a sign-in that is too old, or older than the request, or none in the chain', async () => {
      const request = await asked();
      const joe = await signIn('joe');
      test.clock.advance(FRESH_MS + 1);
      expect(await reasonOf(confirm(request, joe))).toBe('stale');
      // The session says that it is new, the chain does not.
      expect(await reasonOf(confirm(request, { ...joe, signedInAt: test.clock.now().getTime() }))).toBe('stale');
      // The chain has a new one, and this session is an older one.
      await signIn('joe');
      expect(await reasonOf(confirm(request, joe))).toBe('stale');
    });

    it('inside the billing system', async () => {
      const request = await asked();
      expect(await reasonOf(confirm(request, { ...(await signIn('joe')), signedInAt: null }))).toBe('framed');
      // The operator confirms what the operator asked for, and nothing else.
      expect(await reasonOf(confirm(request, OPERATOR))).toBe('framed');
    });

    it('when the number changed, or another one was seen', async () => {
      const request = await asked();
      expect(await reasonOf(confirm(request, await signIn('joe'), GOING + 1))).toBe('count');
      test.clock.advance(40 * 24 * HOUR_MS);
      const { prunes } = await test.deps.retention.pruner.run(test.ledger, { days: 30, requestedBy: 'x', via: 'cron' });
      expect(prunes).toHaveLength(1);
      expect(await reasonOf(confirm(request, await signIn('joe')))).toBe('count');
    });

    it('once it is cancelled, by anybody, or confirmed', async () => {
      const request = await asked();
      await purges().cancel(test.ledger, request.id, askerOf('anybody'));
      expect(await reasonOf(confirm(request, await signIn('joe')))).toBe('gone');
      expect(await reasonOf(purges().cancel(test.ledger, request.id, askerOf('joe')))).toBe('gone');
      await expect(run(request)).rejects.toThrow('no confirmed purge');
      expect(await reasonOf(confirm({ ...request, id: 'unknown' }, await signIn('joe')))).toBe('gone');
    });

    it('for the request of another tenant', async () => {
      const request = await asked();
      const other = await ensureLedger(test.deps, 'other');
      const joe = await signIn('joe');
      expect(await reasonOf(purges().confirm(other, request.id, GOING, joe))).toBe('gone');
      await expect(test.deps.danger.runner.run(other, request.id)).rejects.toThrow('no confirmed purge');
      expect(await purges().list(other)).toEqual([]);
    });

    it('unconfirmed, whatever the jobs table says', async () => {
      const request = await asked();
      await expect(run(request)).rejects.toThrow('no confirmed purge');
      await test.deps.jobs.enqueue({ kind: 'purge', tenantId: test.ledger.tenant.id, ledger: 'default', params: { request: request.id }, requestedBy: 'x' }); // prettier-ignore
      await test.deps.jobs.run();
      expect(await db('jobs').pluck<string[]>('state')).toEqual(['failed']);
      expect(await seqs()).toHaveLength(SIZE + 3);
    });

    it.each([
      ['a shorter delay', (record: string) => record.replace(/"delay_ms":\d+/, '"delay_ms":1')],
      ['no second person', (record: string) => record.replace('"second_person":true', '"second_person":false')],
      ['another person who asked', (record: string) => record.replaceAll('"jane"', '"mary"')],
    ])('when its entry was edited: %s', async (_name, edit) => {
      const request = await asked();
      await db.raw('DROP TRIGGER entries_no_update');
      const row = await db('entries')
        .where({ ledger_id: test.ledger.id, seq: request.seq })
        .first<{ record: string }>();
      expect(edit(row.record)).not.toBe(row.record);
      await db('entries')
        .where({ ledger_id: test.ledger.id, seq: request.seq })
        .update({ record: edit(row.record) });
      expect(await reasonOf(confirm(request, await signIn('joe')))).toBe('tampered');
      await expect(run(request)).rejects.toThrow('does not fit its seal');
    });

    it('when somebody took the cancellation out of the database', async () => {
      const request = await asked();
      await purges().cancel(test.ledger, request.id, askerOf('joe'));
      const [cancelled] = await db('entries').where({ ledger_id: test.ledger.id, action: 'audit.purge_requested' }).orderBy('seq', 'desc').pluck<number[]>('seq'); // prettier-ignore
      await db.raw('DROP TRIGGER entries_no_delete');
      await db('entries').where({ ledger_id: test.ledger.id, seq: cancelled }).delete();
      expect(await reasonOf(confirm(request, await signIn('joe')))).toBe('broken');
    });

    it('behind a sign-in that somebody wrote into the database', async () => {
      const request = await asked();
      await test.deps.ownEvents.record('default', {
        action: 'audit.login_failed',
        actor: UNKNOWN_ACTOR,
        targetId: null,
      });
      await db.raw('DROP TRIGGER entries_no_update');
      const forged = { action: 'audit.login', actor_type: 'admin', actor_id: 'joe' };
      await db('entries').where({ ledger_id: test.ledger.id, action: 'audit.login_failed' }).update(forged);
      expect(await reasonOf(confirm(request, askerOf('joe')))).toBe('stale');
    });
  });

  describe('with an uninstall', () => {
    it('ends bridges, tokens and sessions of the tenant alone, and says what is left', async () => {
      await fill();
      const other = await ensureLedger(test.deps, 'other');
      await test.deps.bridges.add('billing', test.ledger);
      const foreign = await test.deps.bridges.add('elsewhere', other);
      await test.deps.tokens.create('siem', test.ledger.tenant.id, ['read']);
      await test.deps.tokens.create('siem', other.tenant.id, ['read']);
      const session = (name: string, tenant: string) => ({ sid: `${name}-${tenant}`, sess: JSON.stringify({ cookie: {}, viewer: { name, role: 'auditor', tenant } }), expired: '2030-01-01 00:00:00' }); // prettier-ignore
      await db('sessions').insert([session('ann', 'default'), session('ann', 'other'), session('command line', 'default')]); // prettier-ignore
      const request = await ask(OPERATOR, { kind: 'uninstall' });
      await confirm(request, OPERATOR);
      const { sheets, request: done } = await run(request);
      expect(done.state).toBe('done');
      const bridges = await test.deps.bridges.list();
      expect(bridges.map(({ id, revoked_at }) => [id === foreign.id, revoked_at !== null]).sort()).toEqual([[false, true], [true, false]]); // prettier-ignore
      expect((await test.deps.tokens.list()).filter(({ revoked_at }) => revoked_at === null)).toHaveLength(1);
      expect((await db('sessions').pluck<string[]>('sid')).sort()).toEqual(['ann-other', 'command line-default']);
      const actions = await db('entries').where({ ledger_id: test.ledger.id }).orderBy('seq').pluck<string[]>('action');
      expect(actions.slice(-4)).toEqual(['audit.purged', 'audit.bridge_revoked', 'audit.token_revoked', 'audit.uninstalled']); // prettier-ignore
      const head = await test.deps.store.findHead(test.ledger);
      const sheet = JSON.parse(readFileSync(sheets[0] ?? '', 'utf8')) as Record<string, unknown>;
      expect(sheet).toMatchObject({ ledger: 'default', size: head?.seq, bridges: 1, tokens: 1, sessions: 1, master_key: { fingerprint: test.deps.keyRing.fingerprint } }); // prettier-ignore
      expect(sheet['checkpoint']).toBe((await test.deps.checkpoints.latest(test.ledger))?.note);
      expect(existsSync((sheet['archives'] as string[])[0] ?? '')).toBe(true);
      const text = readFileSync(sheets[1] ?? '', 'utf8');
      for (const word of [
        String(sheet['root']),
        'How to remove the rest',
        'sealtrail archive verify',
        'mod_sealtrail_*',
      ])
        expect(text).toContain(word);
      expect(await test.deps.danger.uninstaller.readSheet(test.ledger, request.id, 'txt')).toBe(text);
      expect(await test.deps.danger.uninstaller.readSheet(other, request.id, 'txt')).toBeUndefined();
      expect(await verify()).toMatchObject({ verdict: 'intact', broken: [], pruned: GOING });
    });

    it('is done once, and goes on after its purge', async () => {
      await fill();
      const request = await ask(OPERATOR, { kind: 'uninstall' });
      await confirm(request, OPERATOR);
      await run(request);
      await run(request);
      expect([await numberOf('audit.purged'), await numberOf('audit.uninstalled')]).toEqual([1, 1]);
    });

    it('takes also a ledger of which nothing can be purged', async () => {
      await fill(20);
      const request = await ask(OPERATOR, { kind: 'uninstall', phrase: 'UNINSTALL AND DELETE 0 ENTRIES' });
      await confirm(request, OPERATOR, 0);
      expect(await run(request)).toMatchObject({ entries: 0, request: { state: 'done' } });
    });
  });
});
