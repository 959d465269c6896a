import type { Actor, Via } from '../../core/event';
import type { Right } from './rights';

/** A tenant, as tables and as ledgers name it. */
export interface Tenant {
  readonly id: number;
  readonly slug: string;
}

/** Who changes roles, and what they may do themselves: nobody gives a right that they do not have. */
export interface ChangedBy {
  /** Left out on the command line: whoever has that has the machine. */
  readonly actor?: Actor;
  readonly name: string;
  readonly rights: readonly Right[];
  readonly via: Via;
  readonly ip?: string | null;
  readonly userAgent?: string | null;
}

/** Why a change was not made. */
export type Refusal =
  | 'no_name'
  | 'name_taken'
  | 'no_rights'
  | 'unknown_right'
  | 'beyond_own'
  | 'still_given'
  | 'unknown_role'
  | 'unknown_person'
  | 'no_billing_role'
  | 'last_super_admin';

export type Changed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly refusal: Refusal };

export const refused = (refusal: Refusal) => ({ ok: false, refusal }) as const;
export const done = <T>(value: T) => ({ ok: true, value }) as const;

/** Whether all of `rights` are among those of whoever wants to give or take them. */
export function isWithin(rights: readonly Right[], by: ChangedBy): boolean {
  return rights.every((right) => by.rights.includes(right));
}

/** What an entry about a change says of who made it. */
export function originOf({ actor, via, ip = null, userAgent = null }: ChangedBy) {
  return { ...(actor === undefined ? {} : { actor }), via, ip, userAgent };
}
