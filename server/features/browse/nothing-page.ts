import type { PageContext } from '../../http/page-context';
import type { FilterForm } from './filter-page';
import { withRange, type PageFilter } from './page-filter';

interface Way {
  readonly label: string;
  readonly href: string;
}

/** What stands where there are no rows, and what leads to some. */
export interface NothingHere {
  readonly title: string;
  readonly advice: readonly string[];
  readonly ways: readonly Way[];
}

/** More ways than these are the chips above. */
const MAX_DROPS = 4;

export function nothingThere({ t, url }: PageContext): NothingHere {
  return { title: t('log:empty'), advice: [t('log:empty_advice')], ways: [{ label: t('log:empty_way'), href: url('/') }] }; // prettier-ignore
}

export function nothingFound(
  filter: PageFilter,
  form: FilterForm,
  ctx: PageContext,
  link: (filter: PageFilter) => string,
): NothingHere {
  const { t } = ctx;
  const searched = form.chips.map(({ label, value }) => t('browse:searched_for', { filter: label, value }));
  const drops = form.chips
    .slice(0, MAX_DROPS)
    .filter(({ label }) => label !== form.period.label)
    .map(({ label, value, removeHref }) => ({ label: t('log:without', { filter: label, value }), href: removeHref }));
  const isShort = !['90d', 'year', 'all'].includes(filter.range);
  return {
    title:
      searched.length === 0
        ? t('browse:nothing_yet')
        : t('browse:nothing_found', { filters: searched.join(t('common:list_separator')) }),
    advice: [
      ...(filter.raw.q === undefined ? [] : [t('browse:advice.words')]),
      ...(filter.range === 'all' ? [] : [t('log:advice_period', { period: form.period.summary })]),
    ],
    ways: [
      ...(isShort ? [{ label: t('log:range.90d'), href: link(withRange(filter, '90d')) }] : []),
      ...(filter.range === 'all' ? [] : [{ label: t('log:range.all'), href: link(withRange(filter, 'all')) }]),
      ...drops,
    ],
  };
}
