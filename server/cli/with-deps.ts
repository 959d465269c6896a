import { setFlagsFromString } from 'node:v8';
import type { Config } from '../config/config';
import { checkMasterKey } from '../entries/ledger-setup';
import type { Deps } from '../deps';
import { ensureMasterKey, openStore } from '../main';

/**
 * How much of the heap may be garbage, in percent of what lives, before all of it is collected. Unasked, a process on a large machine
 * lets 27 MB grow to 140: an export of 200,000 entries took 358 MB and takes 242 (docs/bench.md).
 */
const GARBAGE_PERCENT = 50;

/** Runs a command over the open store and closes it whatever happens. */
export async function withDeps<T>(
  config: Config,
  use: (deps: Deps) => Promise<T>,
  options: { readonly anyKey?: boolean } = {},
): Promise<T> {
  setFlagsFromString(`--heap-growing-percent=${GARBAGE_PERCENT}`);
  ensureMasterKey(config);
  const deps = await openStore(config, { migrate: false });
  try {
    if (!options.anyKey) await checkMasterKey(deps);
    return await use(deps);
  } finally {
    await deps.close();
  }
}
