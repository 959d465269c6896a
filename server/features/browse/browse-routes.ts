import { Router } from 'express';
import { createEntryRoutes, type EntryRoutesDeps } from './entry-routes';
import { createListRoutes, type ListDeps } from './list-routes';

export type BrowseDeps = ListDeps & EntryRoutesDeps;

/** Audit log and the page of one entry. The session guard before it sets `res.locals.viewer`. */
export function createBrowseRoutes(deps: BrowseDeps): Router {
  return Router().use(createListRoutes(deps), createEntryRoutes(deps));
}
