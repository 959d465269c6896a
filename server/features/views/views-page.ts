import type { PageContext } from '../../http/page-context';
import { MAX_NAME, MAX_VIEWS, type SavedView, type ViewProblem } from './views-service';

interface OwnView {
  readonly id: string;
  readonly name: string;
  readonly href: string;
  readonly isShared: boolean;
  readonly isDefault: boolean;
  readonly by: string;
  readonly changeAction: string;
  readonly deleteAction: string;
  readonly deleteLabel: string;
  /** Typed and refused, beside the field in which it stands. */
  readonly problem: string;
}

export interface ViewsPage {
  readonly title: string;
  readonly own: readonly OwnView[];
  readonly shared: readonly OwnView[];
  readonly mayShare: boolean;
  readonly maxName: number;
  readonly defaultAction: string;
  /** A view that is to be saved; null where none is at hand. */
  readonly save: {
    readonly action: string;
    readonly query: string;
    readonly name: string;
    readonly isShared: boolean;
    readonly problem: string;
  } | null;
  readonly problem: string;
  readonly logHref: string;
}

/** What was typed and could not be done. */
export interface Refused {
  readonly problem: ViewProblem;
  readonly id: string | null;
  readonly name: string;
  readonly query: string;
  readonly isShared: boolean;
}

export function viewsPage(
  views: readonly SavedView[],
  options: { readonly mayShare: boolean; readonly refused: Refused | null; normalise(query: string): string },
  ctx: PageContext,
): ViewsPage {
  const { t, url } = ctx;
  const { refused, mayShare } = options;
  const problem = refused ? t(`views:problem.${refused.problem}`, { max: MAX_NAME, most: MAX_VIEWS }) : '';
  const shown = (view: SavedView): OwnView => {
    const isRefused = refused?.id === view.id;
    return {
      id: view.id,
      name: isRefused ? refused.name : view.name,
      href: url(`/entries?${options.normalise(view.query)}`, { saved: view.id }),
      isShared: isRefused ? refused.isShared : view.isShared,
      isDefault: view.isDefault,
      by: t('log:view_by', { name: view.ownerName }),
      changeAction: url(`/views/${view.id}`),
      deleteAction: url(`/views/${view.id}/delete`),
      deleteLabel: t('views:delete_named', { name: view.name }),
      problem: isRefused ? problem : '',
    };
  };
  const isOfRow = refused !== null && views.some(({ id, isOwn }) => isOwn && id === refused.id);
  const isOfSaving = refused !== null && refused.id === null;
  return {
    title: t('views:title'),
    own: views.filter(({ isOwn }) => isOwn).map(shown),
    shared: views.filter(({ isOwn }) => !isOwn).map(shown),
    mayShare,
    maxName: MAX_NAME,
    defaultAction: url('/views/default'),
    save: isOfSaving
      ? { action: url('/views'), query: refused.query, name: refused.name, isShared: refused.isShared, problem }
      : null,
    problem: isOfRow || isOfSaving ? '' : problem,
    logHref: url('/entries', { view: 'default' }),
  };
}
