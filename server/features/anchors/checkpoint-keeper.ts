import { openCheckpoint, type Checkpoint } from '../../core/checkpoint';
import type { Ledger } from '../../entries/entry-store';
import type { CheckpointService } from '../tree/checkpoint-service';
import type { TreeService } from '../tree/tree-service';
import type { Anchor } from './anchor';
import type { AnchorEvents } from './anchor-events';
import type { AnchorSender } from './anchor-sender';
import type { AnchorStore } from './anchor-store';
import type { CopyStore } from './copy-store';
import type { ReportStore } from './report-store';

/** What a bridge says of the checkpoints in the billing database. */
export interface KeeperReport {
  /** The newest note of each origin that it holds. */
  readonly held: readonly string[];
  /** The note that it refused last, because it holds a later or another one; null when it has taken one since. */
  readonly refused: { readonly note: string; readonly reason: string } | null;
}

/**
 * A bridge keeps checkpoints in the billing database: a second place that whoever changes ours does not reach. It is handed the
 * newest with the answer to a heartbeat and says with the next one what it holds.
 */
export interface CheckpointKeeper {
  /** The note to keep now; null when there is none, or the operator wants none there. */
  exchange(bridge: { readonly id: string; readonly name: string; readonly ledger: Ledger }, report: KeeperReport): Promise<string | null>; // prettier-ignore
}

interface KeeperDeps {
  readonly anchors: AnchorStore;
  readonly copies: CopyStore;
  readonly reports: ReportStore;
  readonly checkpoints: CheckpointService;
  readonly tree: Pick<TreeService, 'size' | 'rootAt'>;
  readonly sender: Pick<AnchorSender, 'enqueue'>;
  readonly events: AnchorEvents;
  readonly now: () => Date;
}

export function createCheckpointKeeper(deps: KeeperDeps): CheckpointKeeper {
  const { anchors, copies, reports, checkpoints, tree, sender, events, now } = deps;

  return {
    async exchange(bridge, report) {
      const anchor = await anchorOf(bridge);
      if (!anchor?.isGenuine) return null;
      const { ledger } = bridge;
      const vkeys = await checkpoints.vkeys(ledger);
      const latest = await checkpoints.latest(ledger);
      const held: Checkpoint[] = [];
      for (const note of report.held) {
        const opened = openCheckpoint(note, vkeys);
        if (!opened.ok) {
          await events.spoiled(anchor, ledger, {
            note,
            detail: `it holds a checkpoint without our signature: ${opened.fault}`,
          });
          continue;
        }
        held.push(opened.checkpoint);
        await reports.put({ anchorId: anchor.id, origin: opened.checkpoint.origin, note, reportedAt: now().getTime() });
        await settle(anchor, ledger, opened.checkpoint);
        if (opened.checkpoint.origin === latest?.origin) await compare(anchor, ledger, opened.checkpoint);
      }
      if (report.refused) await tellRefusal(anchor, ledger, { ...report.refused, vkeys, held });
      await sender.enqueue(anchor, ledger);
      return latest?.note ?? null;
    },
  };

  async function anchorOf(bridge: {
    readonly id: string;
    readonly name: string;
    readonly ledger: Ledger;
  }): Promise<Anchor | undefined> {
    const known = await anchors.find(bridge.id);
    if (known) return known;
    const made = await anchors.add({
      id: bridge.id,
      ledgerId: bridge.ledger.id,
      kind: 'bridge',
      name: bridge.name,
      target: bridge.id,
      everyMs: 0,
      settings: {},
      wrappedSecret: null,
      createdAt: now().getTime(),
    });
    // One that was removed stays so.
    return made ? anchors.find(bridge.id) : undefined;
  }

  /** What waited for the bridge to fetch it is there. */
  async function settle(anchor: Anchor, ledger: Ledger, { origin, size, root }: Checkpoint): Promise<void> {
    const copy = await copies.find({ anchorId: anchor.id, ledgerId: ledger.id, origin, size });
    if (copy?.state !== 'waiting' || copy.root !== root.toString('hex')) return;
    await events.taken(anchor, ledger, copy);
    await copies.settle(copy, { state: 'taken', doneAt: now().getTime(), answer: null });
    if (anchor.failingSince !== null)
      await anchors.setHealth(anchor.id, { haltedAt: null, failingSince: null, lastError: null });
  }

  async function compare(anchor: Anchor, ledger: Ledger, { origin, size, root }: Checkpoint): Promise<void> {
    const known = await tree.size(ledger);
    const stated = { origin, size, root: root.toString('hex') };
    if (size > known)
      await events.contradicted(anchor, ledger, { ...stated, detail: `the billing database holds a checkpoint of ${size} entries, here are ${known}` }); // prettier-ignore
    else if (!(await isOurs(ledger, { size, root })))
      await events.contradicted(anchor, ledger, { ...stated, detail: `the billing database holds another checkpoint of ${size} entries than the ledger gives now` }); // prettier-ignore
  }

  /** Of a checkpoint under the ledger's present origin: whether the ledger gives it still. */
  async function isOurs(ledger: Ledger, { size, root }: Pick<Checkpoint, 'size' | 'root'>): Promise<boolean> {
    if (size > (await tree.size(ledger))) return false;
    return size === 0 || (await tree.rootAt(ledger, size)).equals(root);
  }

  /** Of two heartbeats at once the later answer may arrive first, and then the older one is refused: one history all the same. */
  async function isOvertaken(ledger: Ledger, refused: Checkpoint, held: readonly Checkpoint[]): Promise<boolean> {
    const later = held.find(({ origin, size }) => origin === refused.origin && size > refused.size);
    const latest = await checkpoints.latest(ledger);
    if (!later || latest?.origin !== refused.origin) return false;
    return (await isOurs(ledger, later)) && isOurs(ledger, refused);
  }

  async function tellRefusal(
    anchor: Anchor,
    ledger: Ledger,
    {
      note,
      reason,
      vkeys,
      held,
    }: NonNullable<KeeperReport['refused']> & {
      readonly vkeys: readonly string[];
      readonly held: readonly Checkpoint[];
    },
  ): Promise<void> {
    const opened = openCheckpoint(note, vkeys);
    if (!opened.ok || (await isOvertaken(ledger, opened.checkpoint, held))) return;
    const failingSince = anchor.failingSince ?? now().getTime();
    const detail = `the bridge refused it: ${reason}`;
    const { origin, size, root } = opened.checkpoint;
    await events.refused(anchor, ledger, { origin, size, root: root.toString('hex'), failingSince, detail });
    await anchors.setHealth(anchor.id, { haltedAt: null, failingSince, lastError: detail });
  }
}
