import pino from 'pino';
import { readConfig } from '../config/config';
import { createDeps } from '../deps';
import { DEFAULT_TENANT } from '../entries/ledger-setup';
import { anAppendItem } from './append-item';

/** A process of its own that appends to a store: `append-many PREFIX BATCHES SIZE`; the store is that of the environment. */
async function main(): Promise<void> {
  const [prefix = '', batches = '1', size = '1'] = process.argv.slice(2);
  const deps = createDeps(readConfig(process.env), { logger: pino({ level: 'silent' }) });
  const ledger = await deps.store.findLedger(DEFAULT_TENANT);
  if (!ledger) throw new Error('no ledger');
  for (let batch = 0; batch < Number(batches); batch += 1) {
    const items = Array.from({ length: Number(size) }, (_, i) =>
      anAppendItem(ledger, { eventId: `${prefix}-${batch}-${i}` }),
    );
    // Events that every process has: one of them stores each.
    await deps.store.append(ledger, [...items, anAppendItem(ledger, { eventId: `shared-${batch}` })]);
  }
  await deps.close();
}

void main().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exit(1);
});
