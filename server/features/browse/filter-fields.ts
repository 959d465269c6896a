import { ALL_ACTIONS, findAction } from '../../core/action-catalogue';
import { CATEGORIES } from '../../core/event';
import { translateCode, shorten, type PageContext } from '../../http/page-context';
import type { FilterName } from './entry-filter';
import { CHOICES, valueText } from './filter-words';
import { joinTerms, LISTED, readTerms, type PageFilter, type Term } from './page-filter';

interface Choice {
  readonly value: string;
  readonly label: string;
  readonly isChosen: boolean;
}

/** One field of the form above the list, in finished words. */
export interface FilterField {
  readonly name: string;
  readonly label: string;
  readonly kind: 'search' | 'text' | 'choices' | 'actions';
  /** What is written in it; of `actions` the patterns. */
  readonly value: string;
  readonly hint: string;
  /** What is wrong with the value; empty when nothing is. */
  readonly problem: string;
  /** "is" or "is not"; null where there is no "is not". */
  readonly isNot: boolean | null;
  /** What a closed list of choices says. */
  readonly summary: string;
  readonly groups: readonly { readonly label: string; readonly choices: readonly Choice[] }[];
  /** Values that the boxes cannot say; they stay in the filter. */
  readonly kept: readonly string[];
  readonly isUsed: boolean;
}

export function filterField(name: FilterName, filter: PageFilter, ctx: PageContext, problem: string): FilterField {
  const value = filter.raw[name] ?? '';
  const base = {
    name,
    label: ctx.t(`browse:filter.${name}`),
    kind: 'text' as const,
    value,
    hint: ctx.t(`browse:filter_hint.${name}`),
    problem,
    isNot: null,
    summary: '',
    groups: [],
    kept: [],
    isUsed: value !== '',
  };
  if (name === 'q') return { ...base, kind: 'search' };
  if (!LISTED.includes(name)) return base;

  const terms = readTerms(value);
  const isNot = terms.length > 0 && terms.every((term) => term.isNot);
  const listed = { ...base, isNot, summary: summaryOf(name, terms, base.hint, ctx) };
  if (name === 'action') return { ...listed, kind: 'actions', ...actionChoices(terms, isNot, ctx) };
  if (CHOICES[name]) return { ...listed, kind: 'choices', ...boxesOf(name, CHOICES[name][1], terms, isNot, ctx) };
  // A list with both sides is written as it stands in the address.
  return { ...listed, value: isNot ? joinTerms(terms.map((term) => ({ ...term, isNot: false }))) : value };
}

function summaryOf(name: string, terms: readonly Term[], hint: string, ctx: PageContext): string {
  if (terms.length === 0) return hint;
  const texts = terms.map(({ value, isNot }) => {
    const text = valueText(name, value, ctx);
    return isNot ? ctx.t('browse:not', { value: text }) : text;
  });
  return shorten(texts.join(ctx.t('common:list_separator')), 40);
}

/** What was asked for and is none of the codes has a box of its own, so that it can be taken out. */
function boxesOf(name: string, codes: readonly string[], terms: readonly Term[], isNot: boolean, ctx: PageContext) {
  const shown = terms.filter((term) => term.isNot === isNot).map(({ value }) => value);
  const unknown = shown.filter((value) => !codes.includes(value));
  const choices = [...codes, ...unknown].map((value) => ({
    value,
    label: valueText(name, value, ctx),
    isChosen: shown.includes(value),
  }));
  return { groups: [{ label: '', choices }], kept: otherSide(terms, isNot) };
}

/** The vocabulary by category. Patterns, and names that are not in it, are written in a field of their own. */
function actionChoices(terms: readonly Term[], isNot: boolean, ctx: PageContext) {
  const shown = terms.filter((term) => term.isNot === isNot).map(({ value }) => value);
  const ticked = new Set(shown);
  const groups = CATEGORIES.map((category) => ({
    label: translateCode(ctx, 'terms:category.', category),
    choices: ALL_ACTIONS.filter((action) => action.category === category).map(({ action }) => ({
      value: action,
      label: translateCode(ctx, 'actions:', action),
      isChosen: ticked.has(action),
    })),
  }));
  const patterns = shown.filter((value) => findAction(value) === undefined);
  return {
    groups,
    value: joinTerms(patterns.map((one) => ({ value: one, isNot: false }))),
    kept: otherSide(terms, isNot),
  };
}

function otherSide(terms: readonly Term[], isNot: boolean): string[] {
  return terms.filter((term) => term.isNot !== isNot).map((term) => joinTerms([term]));
}
