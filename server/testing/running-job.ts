import path from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import { deriveKey } from '../core/keys';
import { createRowMac, type RowMac } from '../core/row-mac';
import { readMasterKey } from '../entries/master-key';
import type { TestSite } from './test-site';

type Site = Pick<TestSite, 'db' | 'dataDir'>;

/** A verification in the hands of a process that there is not, so that it stands still here; its id. */
export async function addRunningJob(site: Site): Promise<string> {
  const at = Date.now();
  const order = { id: uuidv7(), kind: 'verify', tenant_id: 1, ledger: 'default', params: '{}', requested_by: 'jane', created_at: at }; // prettier-ignore
  await site.db('jobs').insert({
    ...order,
    mac: rowMacOf(site).of('jobs', Object.values(order)),
    state: 'running',
    active_key: null,
    progress_done: 250_000,
    progress_total: 1_000_000,
    cancel_asked: false,
    attempts: 1,
    holder: 'another',
    held_until: at + 3_600_000,
    started_at: at - 60_000,
  });
  return order.id;
}

/** Ends it as the one that holds it would. */
export async function endJob(site: Site, id: string, result: object): Promise<void> {
  const end = { state: 'done', result: JSON.stringify(result) };
  const mac = rowMacOf(site).of('jobs.result', [id, end.state, end.result, null]);
  await site
    .db('jobs')
    .where({ id })
    .update({ ...end, result_mac: mac });
}

function rowMacOf({ dataDir }: Site): RowMac {
  return createRowMac(deriveKey(readMasterKey(path.join(dataDir, 'master.key')), 'row-mac'));
}
