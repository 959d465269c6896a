import type { Deps } from '../../deps';
import { DEFAULT_TENANT } from '../../entries/ledger-setup';
import { parseSecret } from '../../features/capture/verify-delivery';
import { sendItems } from '../replay';
import { demoMonth } from './demo-month';

/** Fills an empty store with a month of a small hosting company, sent as a bridge sends it. Does nothing in a store with events. */
export async function runDemo(
  deps: Deps,
  options: { readonly url: string; readonly say: (line: string) => void },
): Promise<void> {
  const ledger = await deps.store.findLedger(DEFAULT_TENANT);
  if (!ledger) throw new Error('There is no ledger yet. Run: sealtrail init');
  const bridges = await deps.bridges.list();
  if (bridges.length > 0) {
    options.say('The store has a bridge already; the demo adds nothing to it.');
    return;
  }
  const made = await deps.bridges.add('demo billing', ledger);
  await deps.ownEvents.record(DEFAULT_TENANT, {
    action: 'audit.bridge_added',
    targetId: made.id,
    targetLabel: 'demo billing',
    via: 'cli',
  });
  const items = demoMonth(deps.now());
  const sum = await sendItems(
    { url: options.url, bridge: made.id, secret: parseSecret(made.secret) ?? Buffer.alloc(0) },
    items,
  );
  await deps.indexer.catchUp();
  options.say(`Sent a month of events: ${sum.accepted} items accepted, ${sum.quarantined} set aside.`);
}
