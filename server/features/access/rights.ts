import { KnownError } from '../../errors';

export const ROLES = ['super_admin', 'compliance_officer', 'auditor', 'standard_user'] as const;
export type Role = (typeof ROLES)[number];

/** What somebody may do. Each page, API and export door asks for one; nothing is allowed by a role's name. */
export const RIGHTS = [
  /** Every entry of the tenant; without it only what `entries.read_own` allows. */
  'entries.read',
  /** Entries of which the viewer is the actor. */
  'entries.read_own',
  'entries.export',
  /** Run verifications, read reports, proofs and checkpoints. */
  'ledger.verify',
  'quarantine.read',
  'views.share',
  'settings.read',
  'settings.change',
  'retention.change',
  'people.manage',
  'bridges.manage',
  'tokens.manage',
  'keys.manage',
  'data.erase',
  'data.purge',
] as const;
export type Right = (typeof RIGHTS)[number];

const READING: readonly Right[] = ['entries.read', 'entries.read_own', 'entries.export', 'ledger.verify', 'quarantine.read']; // prettier-ignore

/** Rights of the built-in roles. */
export const ROLE_RIGHTS: Readonly<Record<Role, readonly Right[]>> = {
  super_admin: RIGHTS,
  compliance_officer: [...READING, 'views.share', 'settings.read', 'retention.change', 'data.erase'],
  auditor: [...READING, 'views.share'],
  standard_user: ['entries.read_own'],
};

/**
 * What nobody gets through a bridge, whatever role is given to them. The bridge's secret lies in the billing system's database:
 * who takes it could else make themselves a lasting access, have us believe or forget addresses, or remove what the log holds about them.
 */
export const NEVER_BY_BRIDGE: readonly Right[] = ['settings.change', 'retention.change', 'people.manage', 'bridges.manage', 'tokens.manage', 'keys.manage', 'data.erase', 'data.purge']; // prettier-ignore

export function isRole(text: string): text is Role {
  return (ROLES as readonly string[]).includes(text);
}

interface Holder {
  readonly role: Role;
  /** Of a custom role; without them those of `role`. */
  readonly rights?: readonly Right[];
}

export function can(viewer: Holder, right: Right): boolean {
  return (viewer.rights ?? ROLE_RIGHTS[viewer.role]).includes(right);
}

/** Throws KnownError `missing_scope` that names the right. */
export function requireRight(viewer: Holder, right: Right): void {
  if (!can(viewer, right)) throw new KnownError('missing_scope', right);
}

/** What a door needs of express; said so narrowly, a route keeps the types of its parameters. */
type Door = (request: unknown, response: { readonly locals: Record<string, unknown> }, next: () => void) => void;

/** The same as a door before routes. */
export function needsRight(right: Right): Door {
  return (_request, response, next) => {
    requireRight(response.locals['viewer'] as Holder, right);
    next();
  };
}
