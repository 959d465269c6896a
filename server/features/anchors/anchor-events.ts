import { hash } from 'node:crypto';
import type { JsonObject } from '../../core/canonical-json';
import { storedTime } from '../../core/stored-time';
import type { Ledger } from '../../entries/entry-store';
import type { OwnEvents } from '../capture/own-events-service';
import type { Anchor, Copy } from './anchor';

type Stated = Pick<Copy, 'origin' | 'size' | 'root'>;

interface Outage {
  /** Milliseconds since 1970; the same for every attempt of one outage. */
  readonly failingSince: number;
  readonly detail: string;
}

/** What becomes of checkpoints outside, as entries of the ledger. Each is one entry, however often it is told. */
export interface AnchorEvents {
  taken(anchor: Anchor, ledger: Ledger, copy: Stated): Promise<void>;
  /** Once in an outage. */
  refused(anchor: Anchor, ledger: Ledger, copy: Stated & Outage): Promise<void>;
  /** Once in an outage. */
  failed(anchor: Anchor, ledger: Ledger, outage: Outage): Promise<void>;
  /** A copy outside carries our signature and is not what the ledger is now. */
  contradicted(anchor: Anchor, ledger: Ledger, copy: Stated & { readonly detail: string }): Promise<void>;
  /** A copy outside is not as it was given out. */
  spoiled(anchor: Anchor, ledger: Ledger, copy: { readonly note: string; readonly detail: string }): Promise<void>;
}

export function createAnchorEvents(ownEvents: OwnEvents): AnchorEvents {
  const record = (action: string, ledger: Ledger, once: string, payload: JsonObject) =>
    ownEvents.record(ledger.tenant.slug, { action, targetId: ledger.name, once, payload });
  const about = ({ id, kind }: Anchor) => ({ anchor: id, kind });
  const stated = ({ origin, size, root }: Stated) => ({ origin, size, root });

  return {
    taken: (anchor, ledger, copy) =>
      record(
        anchor.kind === 'witness' ? 'audit.checkpoint_cosigned' : 'audit.checkpoint_published',
        ledger,
        `${anchor.id} ${copy.origin} ${copy.size}`,
        { ...about(anchor), ...stated(copy) },
      ),
    refused: (anchor, ledger, { failingSince, detail, ...copy }) =>
      record('audit.checkpoint_refused', ledger, `${anchor.id} ${ledger.name} ${failingSince}`, {
        ...about(anchor),
        ...stated(copy),
        detail,
      }),
    failed: (anchor, ledger, { failingSince, detail }) =>
      record('audit.anchor_failed', ledger, `${anchor.id} ${ledger.name} ${failingSince}`, {
        ...about(anchor),
        failing_since: storedTime(failingSince),
        detail,
      }),
    contradicted: (anchor, ledger, { detail, ...copy }) =>
      record('audit.chain_broken', ledger, `${anchor.id} ${copy.origin} ${copy.size} ${copy.root}`, {
        ...about(anchor),
        ...stated(copy),
        detail,
      }),
    spoiled: (anchor, ledger, { note, detail }) =>
      record('audit.anchor_failed', ledger, `${anchor.id} ${hash('sha256', note)}`, { ...about(anchor), detail }),
  };
}
