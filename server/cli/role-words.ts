import type { Deps } from '../deps';
import type { Refusal, Tenant } from '../features/access/access-change';
import { ROLES } from '../features/access/rights';

/** A role by what somebody wrote. Throws with the roles that there are. */
export async function roleKey(deps: Deps, tenant: Tenant, text: string): Promise<string> {
  const key = await deps.roles.findKey(tenant.id, text);
  if (key !== undefined) return key;
  const own = (await deps.roles.list(tenant.id)).map(({ name }) => name);
  throw new Error(`There is no role ${text}. Write one of ${[...ROLES, ...own].join(', ')}.`);
}

const WORDS: Readonly<Record<Refusal, string>> = {
  no_name: 'The name of a role has 1 to 64 characters.',
  name_taken: 'There is a role of this name already.',
  no_rights: 'Name at least one right: sealtrail role rights',
  unknown_right: 'One of these is no right: sealtrail role rights',
  beyond_own: 'This touches rights that are not yours.',
  still_given: 'The role is still given to somebody, or stands for a role of the billing system: sealtrail people list',
  unknown_role: 'There is no such role: sealtrail role list',
  unknown_person: 'There is no such person: sealtrail people list',
  no_billing_role: 'Write the name of the role as the billing system shows it.',
  last_super_admin: 'This is the last super admin. Make another one first: sealtrail login-link --name NAME --role super_admin', // prettier-ignore
};

/** Why a change was not made, as one line. */
export function refusalWords(refusal: Refusal): string {
  return WORDS[refusal];
}
