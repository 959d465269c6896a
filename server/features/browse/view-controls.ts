import { formatNumber, type PageContext } from '../../http/page-context';
import type { SavedView } from '../views/views-service';
import { SORTS } from './entry-search';
import { normaliseListQuery } from './list-address';
import { COLUMNS, DENSITIES, PAGE_SIZES, type ListView } from './list-view';

interface Choice {
  readonly value: string;
  readonly label: string;
  readonly isChosen: boolean;
}

/** The form with columns, density, order and page size. */
export interface ViewForm {
  readonly action: string;
  readonly query: string;
  readonly columns: readonly (Choice & { readonly isFixed: boolean })[];
  readonly densities: readonly Choice[];
  readonly sorts: readonly Choice[];
  readonly sizes: readonly Choice[];
}

/** The menu of saved views. */
export interface ViewMenu {
  readonly title: string;
  readonly own: readonly ViewLink[];
  readonly shared: readonly ViewLink[];
  readonly saveAction: string;
  readonly query: string;
  readonly mayShare: boolean;
  /** The view that the list was opened with, when it is one's own and was changed since. */
  readonly update: { readonly action: string; readonly label: string } | null;
  readonly manageHref: string;
}

interface ViewLink {
  readonly label: string;
  readonly note: string;
  readonly href: string;
  readonly isCurrent: boolean;
}

export function viewForm(view: ListView, query: string, { t, url, ...ctx }: PageContext): ViewForm {
  return {
    action: url('/views/preferences'),
    query,
    columns: COLUMNS.map((column) => ({
      value: column,
      label: t(`log:column.${column}`),
      isChosen: view.columns.includes(column),
      isFixed: column === 'what',
    })),
    densities: DENSITIES.map((one) => ({ value: one, label: t(`log:density.${one}`), isChosen: one === view.density })),
    sorts: SORTS.map((sort) => ({ value: sort, label: t(`log:sort.${sort}`), isChosen: sort === view.sort })),
    sizes: PAGE_SIZES.map((size) => ({
      value: String(size),
      label: formatNumber(size, ctx),
      isChosen: size === view.perPage,
    })),
  };
}

export function viewMenu(
  views: readonly SavedView[],
  current: { readonly id: string; readonly query: string },
  mayShare: boolean,
  { t, url }: PageContext,
): ViewMenu {
  const opened = views.find(({ id }) => id === current.id);
  const isChanged = opened !== undefined && normaliseListQuery(opened.query) !== current.query;
  const link = (view: SavedView): ViewLink => ({
    label: view.name,
    note: [
      ...(view.isOwn ? [] : [t('log:view_by', { name: view.ownerName })]),
      ...(view.isOwn && view.isShared ? [t('log:view_is_shared')] : []),
      ...(view.isDefault ? [t('log:view_is_default')] : []),
    ].join(t('common:list_separator')),
    href: viewHref(view, url),
    isCurrent: view === opened && !isChanged,
  });
  return {
    title:
      opened === undefined
        ? t('log:views')
        : t(isChanged ? 'log:views_changed' : 'log:views_current', { name: opened.name }),
    own: views.filter(({ isOwn }) => isOwn).map(link),
    shared: views.filter(({ isOwn }) => !isOwn).map(link),
    saveAction: url('/views'),
    query: current.query,
    mayShare,
    update:
      opened?.isOwn === true && isChanged
        ? { action: url(`/views/${opened.id}/query`), label: t('log:view_update', { name: opened.name }) }
        : null,
    manageHref: url('/views'),
  };
}

function viewHref({ id, query }: SavedView, url: PageContext['url']): string {
  return url(`/entries?${normaliseListQuery(query)}`, { saved: id });
}
