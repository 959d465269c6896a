import { ACTOR_TYPES } from '../../core/event';
import { ALL_ACTIONS } from '../../core/action-catalogue';
import { translateCode, type PageContext } from '../../http/page-context';
import type { FormTarget } from '../../http/url-builder';

interface Choice {
  readonly value: string;
  readonly label: string;
  readonly selected: boolean;
}

/** Whose timeline it is to be: the page without a subject. */
export interface ChoicePage {
  readonly title: string;
  readonly form: FormTarget;
  readonly kinds: readonly { readonly label: string; readonly choices: readonly Choice[] }[];
  readonly id: string;
  readonly problem: string;
}

/** What people ask for most stands first. */
const FIRST = ['client', 'domain', 'service', 'invoice', 'ticket', 'order', 'admin', 'user'];
/** Actors that are always the same, or not known, have no number to ask for. */
const ACTORS = ACTOR_TYPES.filter((type) => type !== 'system' && type !== 'unknown');

export function choicePage(
  { thing = '', id = '', problem = '' }: { readonly thing?: string; readonly id?: string; readonly problem?: string },
  ctx: PageContext,
): ChoicePage {
  const { t, url } = ctx;
  const types = [...new Set([...FIRST, ...ALL_ACTIONS.map(({ targetType }) => targetType).sort()])];
  const choices = (prefix: string, list: string, all: readonly string[]) =>
    all.map((type) => {
      const value = `${prefix}${type}`;
      return { value, label: translateCode(ctx, list, type), selected: value === thing };
    });
  return {
    title: t('timeline:choose_title'),
    form: url.form('/timeline'),
    kinds: [
      { label: t('timeline:choose_about'), choices: choices('', 'terms:target_type.', types) },
      { label: t('timeline:choose_by'), choices: choices('by_', 'terms:actor_type.', ACTORS) },
    ],
    id,
    problem,
  };
}
