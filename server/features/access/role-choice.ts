import { formatNumber, revealText, type PageContext } from '../../http/page-context';
import type { ChangedBy, Refusal } from './access-change';
import { can, isRole, RIGHTS, ROLES } from './rights';
import { NO_ACCESS, type CustomRole } from './role-reader';
import { actorOf, type Viewer } from './viewer';

export interface RoleChoice {
  readonly value: string;
  readonly label: string;
  readonly selected: boolean;
}

/** The name of a role by its key, in the language of the reader; of a custom one as it was written. */
export function roleLabel(role: string, custom: readonly CustomRole[], { t }: PageContext): string {
  if (role === NO_ACCESS) return t('roles:no_access');
  if (isRole(role)) return t(`terms:role.${role}`);
  const found = custom.find(({ id }) => id === role);
  return found ? revealText(found.name) : t('roles:role_gone');
}

/** Every role that can be given, the default (`''`) first and no access last. */
export function roleChoices(
  chosen: string,
  byDefault: string,
  custom: readonly CustomRole[],
  ctx: PageContext,
): RoleChoice[] {
  const keys = [...ROLES, ...custom.map(({ id }) => id), NO_ACCESS];
  const all = [{ value: '', label: byDefault }, ...keys.map((value) => ({ value, label: roleLabel(value, custom, ctx) }))]; // prettier-ignore
  return all.map((one) => ({ ...one, selected: one.value === chosen }));
}

/** Why a change was not made, and what to do about it. */
export function refusalText(refusal: Refusal, { t }: PageContext): string {
  return t(`roles:refused.${refusal}`);
}

export function countText(count: number, ctx: PageContext): string {
  return ctx.t('roles:people', { shown: formatNumber(count, ctx) });
}

/** A viewer as somebody who changes roles. */
export function changedBy(viewer: Viewer, from: Pick<ChangedBy, 'ip' | 'userAgent'>): ChangedBy {
  const rights = RIGHTS.filter((right) => can(viewer, right));
  return { actor: actorOf(viewer), name: viewer.name, rights, via: 'ui', ...from };
}
