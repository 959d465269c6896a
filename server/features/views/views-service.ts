import { v7 as uuidv7 } from 'uuid';
import type { Ledger } from '../../entries/entry-store';
import type { Viewer } from '../access/viewer';
import type { Preferences, PreferenceStore } from './preference-store';
import type { OwnerKey, StoredView, ViewPatch, ViewStore } from './view-store';

/** More than anybody reads in a menu. */
export const MAX_VIEWS = 100;
export const MAX_NAME = 80;
/** The page channel of the billing system carries 8,000 letters; what is kept must fit in beside a cursor. */
export const MAX_QUERY = 4_000;

export interface Person extends OwnerKey {
  readonly name: string;
}

/** A view of the audit log as one person sees it: filter, span, columns, order, as the query of an address. */
export interface SavedView {
  readonly id: string;
  readonly name: string;
  readonly query: string;
  readonly isShared: boolean;
  readonly isOwn: boolean;
  /** Who saved it, for one that somebody shares. */
  readonly ownerName: string;
  /** The log opens with it for this person. */
  readonly isDefault: boolean;
}

export type ViewProblem = 'name' | 'taken' | 'many' | 'query' | 'unknown';
export type ViewResult =
  { readonly ok: true; readonly id: string } | { readonly ok: false; readonly problem: ViewProblem };

/** Saved views and preferences of people. Nobody sees or changes what another person keeps for themselves. */
export interface ViewsService {
  /** One's own by name, then what others share. */
  list(who: Person): Promise<SavedView[]>;
  save(who: Person, view: { name: string; query: string; isShared: boolean }): Promise<ViewResult>;
  /** One's own only; `unknown` for every other. */
  change(who: Person, id: string, patch: ViewPatch): Promise<ViewResult>;
  remove(who: Person, id: string): Promise<boolean>;
  preferences(who: Person): Promise<Preferences>;
  /** null: as the program has it. */
  rememberView(who: Person, listView: string | null): Promise<void>;
  /** With a view that this person can see; false for another. */
  openWith(who: Person, id: string | null): Promise<boolean>;
}

interface ViewsDeps {
  readonly views: ViewStore;
  readonly preferences: PreferenceStore;
  readonly now: () => Date;
}

/** A person is who the billing system says they are, or the name of their sign-in link: two name spaces. */
export function personOf(viewer: Viewer, ledger: Ledger): Person {
  const owner = viewer.billing ? `billing:${viewer.billing.adminId}` : `name:${viewer.name}`;
  return { tenantId: ledger.tenant.id, owner: owner.slice(0, 200), name: viewer.name.slice(0, 191) };
}

export function createViewsService({ views, preferences, now }: ViewsDeps): ViewsService {
  return {
    async list(who) {
      const [stored, { defaultView }] = [await views.listVisible(who), await preferences.find(who)];
      return stored
        .map((view) => shownTo(who, view, defaultView))
        .sort((a, b) => Number(b.isOwn) - Number(a.isOwn) || a.name.localeCompare(b.name));
    },

    async save(who, { name, query, isShared }) {
      const problem = problemOf({ name, query });
      if (problem) return { ok: false, problem };
      if ((await views.countOwn(who)) >= MAX_VIEWS) return { ok: false, problem: 'many' };
      const id = uuidv7();
      const isIn = await views.insert(who, { id, ownerName: who.name, name: name.trim(), query, isShared }, now().getTime()); // prettier-ignore
      return isIn ? { ok: true, id } : { ok: false, problem: 'taken' };
    },

    async change(who, id, patch) {
      const problem = problemOf(patch);
      if (problem) return { ok: false, problem };
      const trimmed = patch.name === undefined ? patch : { ...patch, name: patch.name.trim() };
      const result = await views.update(who, id, trimmed, now().getTime());
      return result === 'changed' ? { ok: true, id } : { ok: false, problem: result };
    },

    remove: (who, id) => views.remove(who, id),
    preferences: (who) => preferences.find(who),
    rememberView: (who, listView) => preferences.set(who, { listView }, now().getTime()),

    async openWith(who, id) {
      if (id !== null && !(await views.listVisible(who)).some((view) => view.id === id)) return false;
      await preferences.set(who, { defaultView: id }, now().getTime());
      return true;
    },
  };
}

function shownTo(who: Person, view: StoredView, defaultView: string | null): SavedView {
  const { id, name, query, isShared, ownerName } = view;
  return { id, name, query, isShared, ownerName, isOwn: view.owner === who.owner, isDefault: id === defaultView };
}

function problemOf({ name, query }: ViewPatch): ViewProblem | undefined {
  if (name !== undefined && (name.trim() === '' || [...name.trim()].length > MAX_NAME)) return 'name';
  return query !== undefined && query.length > MAX_QUERY ? 'query' : undefined;
}
