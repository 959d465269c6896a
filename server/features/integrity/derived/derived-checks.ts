import path from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Break } from '../../../core/verify';
import type { Database } from '../../../db/connection';
import { createEntryReader } from '../../../entries/entry-reader';
import type { Ledger } from '../../../entries/entry-store';
import { checkAccess } from './access-check';
import { checkActivity } from './activity-check';
import { checkCounters } from './counter-check';
import { checkCredentials } from './credentials-check';
import { checkGaps } from './gap-check';
import { checkQuarantine } from './quarantine-check';
import { checkRetention } from './retention-check';
import { checkSearchIndex } from './search-index-check';
import { checkSettings } from './settings-check';
import { checkStatedRows } from './stated-rows-check';

/**
 * Compares what is made from entries with the entries: counters, quarantine, settings, limit, legal holds, roles, bridges, their gaps, tokens, anchors,
 * reports, search index, the dashboard's activity. The chain does not cover these tables, and pages rest on them. Says something only of a ledger
 * whose entries are intact.
 */
export interface DerivedChecks {
  /** Throws `signal.reason` when it is told to end. */
  check(ledger: Ledger, signal?: AbortSignal): Promise<Break[]>;
}

/** The server's own young space is for taking deliveries: a thread that reads a whole ledger would fill as much with garbage. */
const YOUNG_MB = 16;

/** In a thread of its own where the program is built: SQLite's answers would keep the server waiting. `checkSealed` needs keys. */
export function createDerivedChecks(
  databaseUrl: string,
  database: Database,
  checkSealed: (ledger: Ledger) => Promise<Break[]>,
): DerivedChecks {
  const checkApart = __filename.endsWith('.ts')
    ? (ledger: Ledger, signal?: AbortSignal) => runDerivedChecks(database, ledger, signal)
    : inThread;
  return { check: async (ledger, signal) => [...(await checkApart(ledger, signal)), ...(await checkSealed(ledger))] };

  function inThread(ledger: Ledger, signal?: AbortSignal): Promise<Break[]> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const worker = new Worker(path.join(__dirname, 'derived-worker.js'), {
        workerData: { databaseUrl, ledger },
        resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
      });
      const end = () => {
        reject(signal?.reason as Error);
        void worker.terminate();
      };
      signal?.addEventListener('abort', end);
      worker.once('message', resolve);
      worker.once('error', reject);
      // After a result this says nothing new.
      worker.once('exit', (code) => {
        signal?.removeEventListener('abort', end);
        reject(new Error(`a checking thread ended with ${code} and no result`));
      });
    });
  }
}

export async function runDerivedChecks(database: Database, ledger: Ledger, signal?: AbortSignal): Promise<Break[]> {
  const checks = [
    () => checkCounters(database, ledger),
    () => checkQuarantine(database, ledger),
    () => checkSettings(database, ledger),
    () => checkAccess(database, ledger),
    () => checkCredentials(database, ledger),
    () => checkGaps(database, ledger),
    () => checkStatedRows(database, ledger),
    () => checkRetention(database, ledger),
    () => checkSearchIndex(database, createEntryReader(database), ledger),
    () => checkActivity(database, ledger),
  ];
  const breaks: Break[] = [];
  for (const check of checks) {
    signal?.throwIfAborted();
    breaks.push(...(await check()));
  }
  return breaks;
}
