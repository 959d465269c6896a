import type { Config } from '../config/config';
import { checkMasterKey } from '../entries/ledger-setup';
import type { Deps } from '../deps';
import { ensureMasterKey, openStore } from '../main';

/** Runs a command over the open store and closes it whatever happens. */
export async function withDeps<T>(
  config: Config,
  use: (deps: Deps) => Promise<T>,
  options: { readonly anyKey?: boolean } = {},
): Promise<T> {
  ensureMasterKey(config);
  const deps = await openStore(config, { migrate: false });
  try {
    if (!options.anyKey) await checkMasterKey(deps);
    return await use(deps);
  } finally {
    await deps.close();
  }
}
