import { existsSync, realpathSync } from 'node:fs';
import path from 'node:path';
import type { Config } from '../config/config';
import type { Deps } from '../deps';

const DAY_MS = 86_400_000;
/** A key that has sealed for longer than this has had many chances to be seen. */
const MAX_EPOCH_DAYS = 365;

/** What is wrong with where the master key lies, or undefined. Whoever takes a copy of the folder has the trail and its key. */
export function keyPlaceTrouble({ databaseUrl, masterKeyFile }: Config): string | undefined {
  if (!databaseUrl.startsWith('sqlite:')) return undefined;
  const [key, data] = [folderOf(masterKeyFile), folderOf(databaseUrl.slice('sqlite:'.length))];
  return key === data
    ? `the master key lies in the same folder as the store (${data}), and goes into every copy of it: set SEALTRAIL_MASTER_KEY_FILE`
    : undefined;
}

function folderOf(file: string): string {
  const folder = path.dirname(path.resolve(file));
  return existsSync(folder) ? realpathSync(folder) : folder;
}

/** A line for each ledger, and what is wrong with its keys. */
export async function lookAtChainKeys({
  store,
  keys,
  now,
}: Deps): Promise<{ readonly lines: readonly string[]; readonly troubles: readonly string[] }> {
  const lines: string[] = [];
  const troubles: string[] = [];
  for (const ledger of await store.listLedgers()) {
    const epochs = await keys.list(ledger);
    const newest = epochs.at(-1);
    for (const { epoch, state } of epochs) {
      if (state === 'missing')
        troubles.push(`${ledger.name}: the key of epoch ${epoch} does not open with this master key`);
      if (state === 'wrong') troubles.push(`${ledger.name}: the key of epoch ${epoch} is not the one that its entries were sealed with`); // prettier-ignore
    }
    if (!newest) continue;
    const days = Math.floor((now().getTime() - Date.parse(newest.opened_at)) / DAY_MS);
    lines.push(`${ledger.name}: epoch ${newest.epoch}, ${days} days old`);
    if (days > MAX_EPOCH_DAYS)
      troubles.push(`${ledger.name}: epoch ${newest.epoch} is ${days} days old: sealtrail keys rotate`);
  }
  return { lines, troubles };
}
