import { clip } from '../../core/clip';
import { DEFAULT_TENANT } from '../../entries/ledger-setup';
import { UNKNOWN_ACTOR } from '../access/viewer';
import type { OwnEvents } from '../capture/own-events-service';
import type { Refusal } from '../capture/sender-check-service';

/** Records refused deliveries: at most one entry in a quarter of an hour for each bridge, and one for all who are none. */
export interface RefusalLog {
  note(refusal: Refusal): void;
  /** Resolves when what was noted is recorded. */
  flush(): Promise<void>;
}

export const REFUSAL_WINDOW_MS = 15 * 60_000;

interface RefusalDeps {
  readonly ownEvents: OwnEvents;
  readonly now: () => Date;
  readonly onError: (error: unknown) => void;
}

export function createRefusalLog({ ownEvents, now, onError }: RefusalDeps): RefusalLog {
  const seen = new Map<string, { window: number; more: number }>();
  const recording = new Set<Promise<void>>();

  async function record(refusal: Refusal, window: number, more: number): Promise<void> {
    const { bridge, bridgeId, why, ip } = refusal;
    const claimed = clip(bridgeId.toWellFormed(), 64);
    await ownEvents.record(bridge?.ledger.tenant.slug ?? DEFAULT_TENANT, {
      action: 'audit.delivery_refused',
      actor: UNKNOWN_ACTOR,
      targetId: bridge?.id ?? null,
      targetLabel: bridge?.name ?? null,
      ip,
      payload: { why, ...(bridge ? {} : { claimed_bridge: claimed }), refused_since_last_entry: more },
      once: `${bridge?.id ?? 'unknown'} ${window}`,
    });
  }

  return {
    note(refusal) {
      const who = refusal.bridge?.id ?? '';
      const window = Math.floor(now().getTime() / REFUSAL_WINDOW_MS);
      const last = seen.get(who);
      if (last?.window === window) {
        last.more += 1;
        return;
      }
      const more = last?.more ?? 0;
      seen.set(who, { window, more: 0 });
      const work = record(refusal, window, more)
        .catch((error: unknown) => {
          // The next refusal tries again, and tells of this one.
          seen.set(who, { window: -1, more: more + 1 + (seen.get(who)?.more ?? 0) });
          onError(error);
        })
        .finally(() => recording.delete(work));
      recording.add(work);
    },
    async flush() {
      await Promise.all(recording);
    },
  };
}
