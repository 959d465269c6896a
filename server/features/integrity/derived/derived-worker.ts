import { parentPort, workerData } from 'node:worker_threads';
import { openDatabase } from '../../../db/connection';
import { runDerivedChecks, type DerivedRequest } from './derived-checks';

interface WorkerData {
  readonly databaseUrl: string;
  readonly request: DerivedRequest;
}

/** The thread behind `createDerivedChecks`: a connection of its own, one answer, then it ends. */
async function main({ databaseUrl, request }: WorkerData): Promise<void> {
  const database = openDatabase(databaseUrl, { cacheKib: 2_048 });
  try {
    parentPort?.postMessage(await runDerivedChecks(database, request));
  } finally {
    await database.close();
  }
}

void main(workerData as WorkerData);
