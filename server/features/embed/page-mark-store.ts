import type { Knex } from 'knex';

interface MarkRow {
  bridge_id: string;
  kind: string;
  mark: string;
  at: number;
}

export type MarkKind = 'session' | 'post';

/** How long a mark is kept: a signed form can be repeated for five minutes to either side; sessions end by themselves. */
const KEPT_MS: Readonly<Record<MarkKind, number>> = { session: 30 * 86_400_000, post: 15 * 60_000 };

/** What happens once: an administrator's session that we see for the first time, a signed form. Shared by all sidecars. */
export interface PageMarkStore {
  /** Whether this is the first time; of two at once, one is. */
  isFirst(bridgeId: string, kind: MarkKind, mark: string, now: Date): Promise<boolean>;
}

export function createPageMarkStore(db: Knex): PageMarkStore {
  const marks = () => db<MarkRow>('page_marks');
  return {
    async isFirst(bridgeId, kind, mark, now) {
      const key = { bridge_id: bridgeId, kind, mark };
      if (await marks().where(key).first()) return false;
      try {
        await marks().insert({ ...key, at: now.getTime() });
      } catch (error) {
        if (await marks().where(key).first()) return false;
        throw error;
      }
      await marks().where({ kind }).where('at', '<', now.getTime() - KEPT_MS[kind]).delete(); // prettier-ignore
      return true;
    },
  };
}
