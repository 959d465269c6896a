import { formatNumber, revealText, showTime, whoIs, type PageContext, type ShownTime } from '../../http/page-context';
import type { Refusal } from './access-change';
import type { Person } from './people-service';
import { can, NEVER_BY_BRIDGE, RIGHTS, ROLE_RIGHTS, ROLES, type Right } from './rights';
import { refusalText, roleChoices, roleLabel, type RoleChoice } from './role-choice';
import { UNMAPPED_ROLE, type CustomRole, type Mapping } from './role-reader';
import type { Viewer } from './viewer';

/** A form that was refused: which one, why, and what stood in it. */
export interface RoleProblem {
  /** `new`, `mapping`, or the id of a role. */
  readonly form: string;
  readonly refusal: Refusal;
  readonly name: string;
  readonly rights: readonly string[];
  readonly role: string;
}

export interface RolesFacts {
  readonly custom: readonly CustomRole[];
  readonly mappings: readonly Mapping[];
  readonly people: readonly Person[];
  readonly viewer: Viewer;
  readonly problem: RoleProblem | null;
}

interface RightBox {
  readonly name: string;
  readonly label: string;
  readonly checked: boolean;
  /** The viewer does not have it, so cannot give or take it. */
  readonly disabled: boolean;
}

interface RoleForm {
  readonly id: string;
  readonly action: string;
  readonly name: string;
  readonly boxes: readonly RightBox[];
  readonly problem: string;
}

interface RoleLine {
  readonly name: string;
  readonly rights: readonly string[];
  readonly people: string;
  /** Of a custom role alone. */
  readonly changed: ShownTime | null;
  readonly changedBy: string;
  /** Where the viewer may change it. */
  readonly form: RoleForm | null;
  readonly removeAction: string;
  readonly removeLabel: string;
}

interface MappingLine {
  readonly billingRole: string;
  readonly shown: string;
  readonly counts: string;
  readonly choices: readonly RoleChoice[];
}

export interface RolesPage {
  readonly title: string;
  readonly mayChange: boolean;
  readonly lines: readonly RoleLine[];
  readonly newRole: RoleForm;
  readonly mappingAction: string;
  readonly mappingProblem: string;
  readonly mappings: readonly MappingLine[];
  readonly newMapping: { readonly name: string; readonly choices: readonly RoleChoice[] };
  readonly neverByBridge: readonly string[];
}

export function rolesPage(facts: RolesFacts, ctx: PageContext): RolesPage {
  const { t, url } = ctx;
  const { custom, people, problem, viewer } = facts;
  const mayChange = can(viewer, 'people.manage');
  const labelsOf = (rights: readonly Right[]) => rights.map((right) => t(`roles:right.${right}`));
  const heldBy = (role: string) => formatNumber(people.filter((one) => one.role === role).length, ctx);

  const formOf = (id: string, action: string, name: string, rights: readonly string[]): RoleForm => {
    const own = problem?.form === id ? problem : null;
    const checked = own?.rights ?? rights;
    return {
      id,
      action: url(action),
      name: own?.name ?? name,
      boxes: RIGHTS.map((right) => ({
        name: right,
        label: t(`roles:right.${right}`),
        checked: checked.includes(right),
        disabled: !can(viewer, right),
      })),
      problem: own ? refusalText(own.refusal, ctx) : '',
    };
  };

  const builtIn = ROLES.map((role): RoleLine => ({
    name: t(`terms:role.${role}`),
    rights: labelsOf(ROLE_RIGHTS[role]),
    people: heldBy(role),
    changed: null,
    changedBy: '',
    form: null,
    removeAction: '',
    removeLabel: '',
  }));
  const own = custom.map((role): RoleLine => {
    const isWithin = role.rights.every((right) => can(viewer, right));
    const name = revealText(role.name);
    return {
      name,
      rights: labelsOf(role.rights),
      people: heldBy(role.id),
      changed: showTime(role.changedAt, ctx),
      changedBy: whoIs(role.changedBy, ctx),
      form: mayChange && isWithin ? formOf(role.id, `/settings/roles/${role.id}`, role.name, role.rights) : null,
      removeAction: url(`/settings/roles/${role.id}/remove`),
      removeLabel: t('roles:remove', { name }),
    };
  });

  // What is mapped, and what was seen of the billing system and is not.
  const seen = people.flatMap(({ billingRole }) => (billingRole === null || billingRole === '' ? [] : [billingRole]));
  const names = [...new Set([...facts.mappings.map(({ billingRole }) => billingRole), ...seen])].sort();
  const byDefault = t('roles:by_default', { role: t(`terms:role.${UNMAPPED_ROLE}`) });
  const refused = problem?.form === 'mapping' ? problem : null;
  return {
    title: t('roles:roles_title'),
    mayChange,
    lines: [...builtIn, ...own],
    newRole: formOf('new', '/settings/roles', '', ['entries.read_own']),
    mappingAction: url('/settings/roles/mappings'),
    mappingProblem: refused ? refusalText(refused.refusal, ctx) : '',
    mappings: names.map((billingRole) => {
      const role = facts.mappings.find((one) => one.billingRole === billingRole)?.role ?? '';
      return {
        billingRole,
        shown: revealText(billingRole),
        counts: role === '' ? byDefault : roleLabel(role, custom, ctx),
        choices: roleChoices(role, byDefault, custom, ctx),
      };
    }),
    newMapping: { name: refused?.name ?? '', choices: roleChoices(refused?.role ?? 'auditor', byDefault, custom, ctx) },
    neverByBridge: labelsOf(NEVER_BY_BRIDGE),
  };
}
