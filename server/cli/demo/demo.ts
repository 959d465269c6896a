import type { Deps } from '../../deps';
import { DEFAULT_TENANT } from '../../entries/ledger-setup';
import { parseSecret } from '../../features/capture/verify-delivery';
import { sendHeartbeat, sendItems } from '../replay';
import { demoMonth, INSTALLATION } from './demo-month';

/** Fills an empty store with a month of a small hosting company, sent as a bridge sends it; says what it did. */
export async function runDemo(deps: Deps, url: string): Promise<string[]> {
  const ledger = await deps.store.findLedger(DEFAULT_TENANT);
  if (!ledger) throw new Error('There is no ledger yet. Run: sealtrail init');
  const bridges = await deps.bridges.list();
  if (bridges.length > 0) {
    return ['The store has a bridge already; the demo adds nothing to it.'];
  }
  const made = await deps.credentials.addBridge(ledger, 'demo billing', { via: 'cli' });
  const items = demoMonth(deps.now()).map((item) => JSON.stringify(item));
  const sender = { url, bridge: made.id, secret: parseSecret(made.secret) ?? Buffer.alloc(0) };
  const sum = await sendItems(sender, items);
  await sendHeartbeat(sender, INSTALLATION, items.length + 1);
  await deps.indexer.catchUp();
  return [`Sent a month of events: ${sum.accepted} items accepted, ${sum.quarantined} set aside.`];
}
