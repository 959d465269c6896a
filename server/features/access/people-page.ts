import { revealText, showTime, type PageContext, type ShownTime } from '../../http/page-context';
import type { Refusal } from './access-change';
import type { Person } from './people-service';
import { can } from './rights';
import { countText, refusalText, roleChoices, roleLabel, type RoleChoice } from './role-choice';
import type { CustomRole } from './role-reader';
import type { Viewer } from './viewer';

export interface PeopleFacts {
  readonly people: readonly Person[];
  readonly custom: readonly CustomRole[];
  /** Names of bridges by their id. */
  readonly bridges: ReadonlyMap<string, string>;
  readonly viewer: Viewer;
  readonly problem: { readonly person: string; readonly refusal: Refusal; readonly role: string } | null;
}

interface PersonLine {
  readonly id: string;
  readonly name: string;
  /** Where they come from: a sign-in here, or which billing system. */
  readonly source: string;
  readonly role: string;
  /** Why that role counts. */
  readonly because: string;
  readonly hasAccess: boolean;
  readonly lastSeen: ShownTime;
  readonly action: string;
  readonly choices: readonly RoleChoice[];
  readonly selectLabel: string;
  readonly problem: string;
}

export interface PeoplePage {
  readonly title: string;
  readonly count: string;
  readonly mayChange: boolean;
  readonly lines: readonly PersonLine[];
  /** A refusal that belongs to nobody who is shown. */
  readonly problem: string;
  readonly rolesHref: string;
}

export function peoplePage({ people, custom, bridges, viewer, problem }: PeopleFacts, ctx: PageContext): PeoplePage {
  const { t, url } = ctx;
  const text = problem ? refusalText(problem.refusal, ctx) : '';
  return {
    title: t('roles:people_title'),
    count: countText(people.length, ctx),
    mayChange: can(viewer, 'people.manage'),
    lines: people.map((one): PersonLine => {
      const name = revealText(one.name);
      const own = problem?.person === one.id ? problem : null;
      return {
        id: one.id,
        name,
        source: sourceOf(one, bridges, ctx),
        role: roleLabel(one.role, custom, ctx),
        because: becauseOf(one, ctx),
        hasAccess: one.role !== 'none',
        lastSeen: showTime(one.lastSeenAt, ctx),
        action: url(`/settings/people/${one.id}`),
        choices: roleChoices(own?.role ?? one.givenRole ?? '', t(one.bridgeId === null ? 'roles:default_link' : 'roles:default_billing'), custom, ctx), // prettier-ignore
        selectLabel: t('roles:role_of', { name }),
        problem: own ? text : '',
      };
    }),
    problem: problem && !people.some(({ id }) => id === problem.person) ? text : '',
    rolesHref: url('/settings/roles'),
  };
}

function sourceOf({ bridgeId, ref }: Person, bridges: ReadonlyMap<string, string>, { t }: PageContext): string {
  if (bridgeId === null) return t('roles:source.link');
  return t('roles:source.billing', { bridge: revealText(bridges.get(bridgeId) ?? bridgeId), id: ref });
}

function becauseOf({ givenRole, bridgeId, billingRole }: Person, { t }: PageContext): string {
  if (givenRole !== null) return t('roles:because.given');
  if (bridgeId === null) return t('roles:because.link');
  return t('roles:because.billing', { role: revealText(billingRole ?? '') });
}
