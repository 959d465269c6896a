import { parentPort, workerData } from 'node:worker_threads';
import { openDatabase } from '../../../db/connection';
import type { Ledger } from '../../../entries/entry-store';
import { runDerivedChecks } from './derived-checks';

interface WorkerData {
  readonly databaseUrl: string;
  readonly ledger: Ledger;
}

/** The thread behind `createDerivedChecks`: a connection of its own, one answer, then it ends. */
async function main({ databaseUrl, ledger }: WorkerData): Promise<void> {
  const database = openDatabase(databaseUrl, { cacheKib: 2_048 });
  try {
    parentPort?.postMessage(await runDerivedChecks(database, ledger));
  } finally {
    await database.close();
  }
}

void main(workerData as WorkerData);
