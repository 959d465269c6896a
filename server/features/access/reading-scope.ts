import { AsyncLocalStorage } from 'node:async_hooks';
import type { Viewer } from './viewer';
import { actorOf } from './viewer';
import { can } from './rights';

/**
 * Whose entries the work at hand may read. It goes with the request through everything that the request calls, so that no page,
 * export or proof can forget to ask; work that no request began (jobs, the command line) reads everything.
 */
export interface ReadingScope {
  /** `admin:7` where only this actor's entries may be read; null where every one may. */
  current(): string | null;
  run<T>(actor: string | null, work: () => T): T;
}

export function createReadingScope(): ReadingScope {
  const scopes = new AsyncLocalStorage<string | null>();
  return { current: () => scopes.getStore() ?? null, run: (actor, work) => scopes.run(actor, work) };
}

/** For a viewer, and for somebody who has no access: that is nobody's scope. */
export function scopeOf(viewer: Viewer | undefined): string | null {
  if (!viewer) return 'unknown:nobody';
  const { type, id } = actorOf(viewer);
  return can(viewer, 'entries.read') ? null : `${type}:${id ?? ''}`;
}
