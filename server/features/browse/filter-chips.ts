import type { PageContext } from '../../http/page-context';
import { FILTER_NAMES, type FilterName } from './entry-filter';
import { valueText } from './filter-words';
import { joinTerms, LISTED, readTerms, withRange, withValue, type PageFilter, type Term } from './page-filter';

/** One value of the filter, which can be taken out of it or turned round. */
export interface Chip {
  readonly label: string;
  readonly value: string;
  /** It is another value of the chip before it, of which any will do. */
  readonly isOr: boolean;
  readonly removeHref: string;
  readonly removeLabel: string;
  /** "is" to "is not" and back; null where there is no "is not". */
  readonly flipHref: string | null;
  readonly flipLabel: string;
}

/** Each active filter, one chip a value; the span last. `link` makes the address of the list with another filter. */
export function filterChips(filter: PageFilter, ctx: PageContext, link: (filter: PageFilter) => string): Chip[] {
  const names = FILTER_NAMES.filter((name) => name !== 'after' && name !== 'before');
  return [...names.flatMap((name) => chipsOf(name, filter, ctx, link)), ...spanChips(filter, ctx, link)];
}

function chipsOf(name: FilterName, filter: PageFilter, ctx: PageContext, link: (filter: PageFilter) => string): Chip[] {
  const raw = filter.raw[name] ?? '';
  if (raw === '') return [];
  const { t } = ctx;
  const label = t(`browse:filter.${name}`);
  const isListed = LISTED.includes(name);
  const terms: Term[] = isListed ? readTerms(raw) : [{ value: raw, isNot: false }];
  return terms.map((term, at) => {
    const others = terms.filter((_, index) => index !== at);
    const text = valueText(name, term.value, ctx);
    const flipped = others.toSpliced(at, 0, { value: term.value, isNot: !term.isNot });
    return {
      label,
      value: term.isNot ? t('browse:not', { value: text }) : text,
      isOr: !term.isNot && terms.slice(0, at).some(({ isNot }) => !isNot),
      removeHref: link(withValue(filter, name, isListed ? joinTerms(others) : '')),
      removeLabel: t('log:remove_value', { filter: label, value: text }),
      flipHref: isListed ? link(withValue(filter, name, joinTerms(flipped))) : null,
      flipLabel: t(term.isNot ? 'log:flip_to_is' : 'log:flip_to_not', { value: text }),
    };
  });
}

function spanChips(filter: PageFilter, ctx: PageContext, link: (filter: PageFilter) => string): Chip[] {
  const { t } = ctx;
  const chip = (label: string, value: string, removeHref: string, removeLabel: string): Chip => ({
    label,
    value,
    isOr: false,
    removeHref,
    removeLabel,
    flipHref: null,
    flipLabel: '',
  });
  const everything = link(withRange(filter, 'all'));
  if (filter.range === 'all') return [];
  if (filter.range !== 'own')
    return [chip(t('log:period'), t(`log:range.${filter.range}`), everything, t('log:show_all_time'))];
  const bounds = [
    ['after', filter.raw.after ?? '', withValue(filter, 'after', '')],
    ['before', filter.raw.before ?? '', withValue(filter, 'before', '')],
    ['from', filter.from, { ...filter, from: '' }],
    ['to', filter.to, { ...filter, to: '' }],
  ] as const;
  const given = bounds.filter(([, value]) => value !== '');
  return given.map(([name, value, without]) => {
    const label = t(`browse:filter.${name}`);
    const text = valueText(name, value, ctx);
    const removeLabel = t('log:remove_value', { filter: label, value: text });
    return chip(label, text, given.length === 1 ? everything : link(without), removeLabel);
  });
}
