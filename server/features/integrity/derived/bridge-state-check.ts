import type { Break } from '../../../core/verify';
import type { Ledger } from '../../../entries/entry-store';
import type { BridgeService } from '../../access/bridge-service';
import { projectionBreak } from './projection-break';

interface CheckDeps {
  readonly bridges: Pick<BridgeService, 'list'>;
  /** Names of what somebody changed in the database of what is known of a bridge. */
  readonly listsOfChanged: readonly ((bridgeId: string) => Promise<string[]>)[];
}

/**
 * Names what somebody changed of what is known of the bridges of a ledger: gaps and silence are found in it, and what was changed
 * there is not believed. A row that is gone leaves a gap, or a bridge that is not heard.
 */
export function createBridgeStateCheck({ bridges, listsOfChanged }: CheckDeps): (ledger: Ledger) => Promise<Break[]> {
  return async (ledger) => {
    const breaks: Break[] = [];
    for (const { id } of (await bridges.list()).filter((bridge) => bridge.tenant_id === ledger.tenant.id))
      for (const listChanged of listsOfChanged)
        for (const what of await listChanged(id))
          breaks.push(projectionBreak(0, `of bridge ${id}, ${what}: changed in the database`));
    return breaks;
  };
}
