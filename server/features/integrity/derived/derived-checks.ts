import path from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Break } from '../../../core/verify';
import type { Database } from '../../../db/connection';
import { createEntryReader } from '../../../entries/entry-reader';
import type { Ledger } from '../../../entries/entry-store';
import { checkAccess } from './access-check';
import { checkActivity } from './activity-check';
import { checkCounters } from './counter-check';
import { checkDoors } from './doors-check';
import { checkGaps } from './gap-check';
import { checkQuarantine } from './quarantine-check';
import { checkSearchIndex } from './search-index-check';
import { checkSettings } from './settings-check';
import { checkStatedRows } from './stated-rows-check';

/**
 * Compares what is made from entries with the entries: counters, quarantine, settings, roles, bridges, their gaps, tokens, anchors,
 * reports, search index, the dashboard's activity. The chain does not cover these tables, and pages rest on them. Says something only of a ledger
 * whose entries are intact.
 */
export interface DerivedChecks {
  check(ledger: Ledger): Promise<Break[]>;
}

/** The server's own young space is for taking deliveries: a thread that reads a whole ledger would fill as much with garbage. */
const YOUNG_MB = 16;

/** In a thread of its own where the program is built: SQLite's answers would keep the server waiting. */
export function createDerivedChecks(databaseUrl: string, database: Database): DerivedChecks {
  if (__filename.endsWith('.ts')) return { check: (ledger) => runDerivedChecks(database, ledger) };
  return {
    check: (ledger) =>
      new Promise((resolve, reject) => {
        const worker = new Worker(path.join(__dirname, 'derived-worker.js'), {
          workerData: { databaseUrl, ledger },
          resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
        });
        worker.once('message', resolve);
        worker.once('error', reject);
        // After a result this says nothing new.
        worker.once('exit', (code) => reject(new Error(`a checking thread ended with ${code} and no result`)));
      }),
  };
}

export async function runDerivedChecks(database: Database, ledger: Ledger): Promise<Break[]> {
  return [
    ...(await checkCounters(database, ledger)),
    ...(await checkQuarantine(database, ledger)),
    ...(await checkSettings(database, ledger)),
    ...(await checkAccess(database, ledger)),
    ...(await checkDoors(database, ledger)),
    ...(await checkGaps(database, ledger)),
    ...(await checkStatedRows(database, ledger)),
    ...(await checkSearchIndex(database, createEntryReader(database), ledger)),
    ...(await checkActivity(database, ledger)),
  ];
}
