import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import pino from 'pino';
import { SEGMENT } from '../core/prune-certificate';
import { createDeps, type Deps } from '../deps';
import type { Ledger } from '../entries/entry-store';
import type { LedgerReport } from '../features/integrity/verify-service';
import type { PruneResult } from '../features/retention/prune-service';
import { anAppendItem, type AppendItemOptions } from './append-item';
import { createTestStore, type TestStore } from './test-app';
import type { Engine } from './test-database';

export const DAY_MS = 86_400_000;
/** Four whole segments and some more. */
export const SIZE = 4 * SEGMENT + 40;
export const BY = { name: 'jane', via: 'cli' } as const;

/** A store with what tests of pruning do to it. */
export interface PrunableStore extends TestStore {
  /** Appends entries up to a number, the readers behind the commits included: a prune takes what every reader has passed. */
  fill(size?: number, options?: (seq: number) => AppendItemOptions): Promise<void>;
  /** Days go by. */
  grow(days: number): void;
  prune(days?: number): Promise<PruneResult>;
  verify(): Promise<LedgerReport>;
  /** Place and kind of what verify finds. */
  kinds(): Promise<unknown[][]>;
  /** Another sidecar over the same store. */
  another(onPruneStep?: (step: string) => void): Deps;
  /** A process that is killed at a step: what it did until then is there, what it would have done is not. */
  killedAt(step: string, times?: number): Promise<void>;
  numberOf(table: string, ledger?: Ledger): Promise<number>;
  seqsOf(table: string): Promise<number[]>;
  prunesOf(): ReturnType<TestStore['database']['knex']>;
  archiveFiles(): string[];
}

export async function createPrunableStore(engine: Engine): Promise<PrunableStore> {
  const store = await createTestStore(engine);
  const { deps, ledger, clock, database, config } = store;
  const db = database.knex;
  const REQUEST = { days: 30, requestedBy: 'jane', via: 'cli' } as const;

  const test: PrunableStore = {
    ...store,

    async fill(size = SIZE, options = () => ({})) {
      const items = [];
      for (let seq = 2; seq <= size; seq += 1) {
        const receivedAt = clock.now().toISOString();
        items.push(anAppendItem(ledger, { eventId: `event-${seq}`, receivedAt, ...options(seq) }));
      }
      await deps.appender.append(ledger, items, []);
      await deps.indexer.catchUp();
      await deps.activity.catchUp();
    },

    grow: (days) => clock.advance(days * DAY_MS),
    prune: (days = 30) => deps.retention.pruner.run(ledger, { ...REQUEST, days }),

    async verify() {
      const { ledgers } = await deps.verifier.verify({ ledger: ledger.name });
      const [report] = ledgers;
      if (!report) throw new Error('no report');
      return report;
    },

    kinds: async () => (await test.verify()).broken.map((one) => [one.seq, one.kind]),

    another(onPruneStep) {
      const options = { now: () => clock.now(), logger: pino({ level: 'silent' }) };
      return createDeps(config, onPruneStep === undefined ? options : { ...options, onPruneStep });
    },

    async killedAt(step, times = 1) {
      let left = times;
      const dying = test.another((at) => {
        if (at === step && (left -= 1) === 0) throw new Error(`killed at ${step}`);
      });
      await expect(dying.retention.pruner.run(ledger, REQUEST)).rejects.toThrow(`killed at ${step}`);
      await dying.close();
      // A dead process gives nothing back.
      await db('leases')
        .where({ name: 'prune' })
        .update({ holder: 'dead', expires_at: clock.now().getTime() + 60_000 });
      clock.advance(600_000);
    },

    async numberOf(table, of = ledger) {
      const [row] = await db(table).where({ ledger_id: of.id }).count<{ count: number }[]>({ count: '*' });
      return Number(row?.count);
    },
    seqsOf: (table) => db(table).where({ ledger_id: ledger.id }).orderBy('seq').pluck<number[]>('seq'),
    prunesOf: () => db('prunes').where({ ledger_id: ledger.id }).orderBy('from_seq'),

    archiveFiles() {
      const folder = path.join(config.dataDir, 'archives');
      const names = existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }) : [];
      return names.filter((name) => name.includes('.'));
    },
  };
  return test;
}
