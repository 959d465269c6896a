import type { Deps } from '../deps';
import { DEFAULT_TENANT } from '../entries/ledger-setup';
import type { Role } from '../features/access/rights';

/** A one-time sign-in address, recorded in the ledger. */
export async function createSignInUrl(
  deps: Deps,
  options: { readonly role: Role; readonly name: string; readonly baseUrl: string; readonly tenant?: string },
): Promise<string> {
  const { tenant = DEFAULT_TENANT } = options;
  const ledger = await deps.store.findLedger(tenant);
  if (!ledger) throw new Error(`There is no ledger for tenant ${tenant}. Run: sealtrail init, or bridge add --tenant`);
  const token = await deps.loginLinks.create({
    name: options.name,
    role: options.role,
    tenant: ledger.tenant.slug,
    tenantId: ledger.tenant.id,
  });
  await deps.ownEvents.record(ledger.tenant.slug, {
    action: 'audit.login_link_created',
    targetId: options.name,
    payload: { role: options.role },
    via: 'cli',
  });
  return `${options.baseUrl}/sign-in/${token}`;
}
