import type { Config } from '../config/config';
import type { Deps } from '../deps';
import { folderOf, isKeyBesideStore } from '../entries/master-key';
import { MAX_EPOCH_DAYS } from '../features/keys/key-service';

const DAY_MS = 86_400_000;

/** What is wrong with where the master key lies, or undefined. Whoever takes a copy of the folder has the trail and its key. */
export function keyPlaceTrouble({ databaseUrl, masterKeyFile }: Config): string | undefined {
  return isKeyBesideStore(masterKeyFile, databaseUrl)
    ? `the master key lies in the same folder as the store (${folderOf(masterKeyFile)}), and goes into every copy of it: set SEALTRAIL_MASTER_KEY_FILE`
    : undefined;
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
