import type { Deps } from '../deps';
import { DEFAULT_TENANT } from '../entries/ledger-setup';
import { ACCESS_OPERATOR } from './operator';
import { refusalWords, roleKey } from './role-words';

interface SignIn {
  /** A built-in role, or the name or id of a custom one; what the person has where it is left out. */
  readonly role?: string;
  readonly name: string;
  readonly baseUrl: string;
  readonly tenant?: string;
}

/** A one-time sign-in address, recorded in the ledger. A role that is asked for replaces one that was given to the person. */
export async function createSignInUrl(deps: Deps, options: SignIn): Promise<string> {
  const { tenant: tenantSlug = DEFAULT_TENANT, name } = options;
  const ledger = await deps.store.findLedger(tenantSlug);
  if (!ledger) throw new Error(`There is no ledger for tenant ${tenantSlug}. Run: sealtrail init, or bridge add --tenant`); // prettier-ignore
  const { tenant } = ledger;
  const person = (await deps.people.list(tenant.id)).find((one) => one.bridgeId === null && one.ref === name);
  const asked = options.role === undefined ? null : await roleKey(deps, tenant, options.role);
  if (asked === null && person?.role === 'none')
    throw new Error(`The access of ${name} was taken. Name a role to give it back: --role auditor`);
  const role = asked ?? person?.role ?? 'super_admin';
  if (person?.givenRole && person.givenRole !== role) {
    const changed = await deps.people.setRole(tenant, person.id, role, ACCESS_OPERATOR);
    if (!changed.ok) throw new Error(refusalWords(changed.refusal));
  }
  const token = await deps.loginLinks.create({ name, role, tenant: tenant.slug, tenantId: tenant.id });
  await deps.ownEvents.record(tenant.slug, {
    action: 'audit.login_link_created',
    targetId: name,
    payload: { role },
    via: 'cli',
  });
  return `${options.baseUrl}/sign-in/${token}`;
}
