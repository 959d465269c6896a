import { randomBytes } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import type { Ledger } from '../../entries/entry-store';
import type { EntryStore } from '../../entries/entry-store';
import type { KeyRing } from '../../entries/key-ring';
import type { BridgeRow, BridgeSighting, BridgeStore } from './bridge-store';

export { genuineStep, type BridgeRow } from './bridge-store';

export interface ActiveBridge {
  readonly id: string;
  readonly name: string;
  /** What it may sign with, the newest first: two while its secret is being replaced. */
  readonly secrets: readonly Buffer[];
  readonly rotatedAt: number | null;
  readonly ledger: Ledger;
}

export interface MadeBridge {
  readonly id: string;
  readonly secret: string;
}

export interface Rotation extends MadeBridge {
  readonly firstEndsAt: Date;
}

/**
 * Pairing of senders. Secrets are stored wrapped by the master key and shown once. The entries about it are written by the
 * `CredentialService`.
 */
export interface BridgeService {
  add(name: string, ledger: Ledger): Promise<MadeBridge>;
  list(): Promise<BridgeRow[]>;
  /** What somebody changed of a bridge in the database, by name. */
  listChanged(id: string): Promise<string[]>;
  revoke(id: string): Promise<boolean>;
  /** A second secret for an active bridge, beside the first until `endRotation` or for seven days; undefined for others. */
  rotate(id: string): Promise<Rotation | undefined>;
  /** Told that a bridge signed with the newer of its two secrets: the older ends, unless that happened already. */
  endRotation(bridge: ActiveBridge): Promise<boolean>;
  /** A bridge that is known, not revoked and whose secrets open; else undefined. */
  findActive(id: string): Promise<ActiveBridge | undefined>;
  /** Remembers the latest sighting; written down within a second, so that a delivery does not wait for it. */
  noteSeen(id: string, sighting: BridgeSighting): void;
  /** How far our clock is ahead of the one that it signed with; written down likewise. */
  noteClock(id: string, driftMs: number): void;
  /** Writes what is not written yet. */
  flush(): Promise<void>;
}

interface BridgeDeps {
  readonly bridges: BridgeStore;
  readonly keyRing: KeyRing;
  readonly store: EntryStore;
  readonly now: () => Date;
}

const SIGHTING_MS = 1_000;
/** How long the older secret goes on when the newer is never used. */
export const ROTATION_MS = 7 * 86_400_000;

export function createBridgeService({ bridges, keyRing, store, now }: BridgeDeps): BridgeService {
  const sightings = new Map<string, BridgeSighting>();
  const drifts = new Map<string, number>();
  const ledgers = new Map<number, Ledger>();
  let timer: NodeJS.Timeout | undefined;

  return {
    async add(name, ledger) {
      const id = uuidv7();
      const { secret, wrapped } = newSecret(id);
      await bridges.insert({
        id,
        tenant_id: ledger.tenant.id,
        name,
        wrapped_secret: wrapped,
        created_at: now().getTime(),
      });
      return { id, secret };
    },
    list: () => bridges.list(),
    listChanged: (id) => bridges.listChanged(id),
    revoke: (id) => bridges.revoke(id, now().getTime()),
    async findActive(id) {
      const row = await bridges.find(id);
      if (!row || row.revoked_at !== null) return undefined;
      const secrets = wrappedSecrets(row).flatMap((wrapped) => keyRing.unwrapSecret(wrapped, row.id) ?? []);
      const ledger = await ledgerOf(row.tenant_id);
      return secrets.length > 0 && ledger
        ? { id: row.id, name: row.name, secrets, rotatedAt: row.rotated_at, ledger }
        : undefined;
    },
    async rotate(id) {
      const at = now().getTime();
      const row = await bridges.find(id);
      if (!row || row.revoked_at !== null) return undefined;
      // Rotated once more, the second secret that nobody used gives way, not the first that is still at work.
      if (isOver(row)) await bridges.endRotation(id, row.next_wrapped_secret ?? '');
      const { secret, wrapped } = newSecret(id);
      const isAdded = await bridges.addSecret(id, wrapped, at);
      return isAdded ? { id, secret, firstEndsAt: new Date(at + ROTATION_MS) } : undefined;
    },
    async endRotation(bridge) {
      const row = await bridges.find(bridge.id);
      const newest = bridge.secrets[0];
      const waiting = row?.next_wrapped_secret ?? null;
      if (waiting === null || !newest || !keyRing.unwrapSecret(waiting, bridge.id)?.equals(newest)) return false;
      return bridges.endRotation(bridge.id, waiting);
    },
    noteSeen(id, sighting) {
      // What the one before told, and this one does not, is not written yet.
      sightings.set(id, joinSightings(sightings.get(id), sighting));
      writeSoon();
    },
    noteClock(id, driftMs) {
      drifts.set(id, driftMs);
      writeSoon();
    },
    flush,
  };

  /** Asked for once: a tenant's ledger never becomes another one. */
  async function ledgerOf(tenantId: number): Promise<Ledger | undefined> {
    const known = ledgers.get(tenantId);
    if (known) return known;
    const [ledger] = await store.listLedgers(tenantId);
    if (ledger) ledgers.set(tenantId, ledger);
    return ledger;
  }

  function newSecret(id: string): { readonly secret: string; readonly wrapped: string } {
    const bytes = randomBytes(32);
    return { secret: `whsec_${bytes.toString('base64')}`, wrapped: keyRing.wrapSecret(bytes, id) };
  }

  function wrappedSecrets(row: BridgeRow): readonly string[] {
    if (row.next_wrapped_secret === null) return [row.wrapped_secret];
    return isOver(row) ? [row.next_wrapped_secret] : [row.next_wrapped_secret, row.wrapped_secret];
  }

  function isOver(row: BridgeRow): boolean {
    return row.rotated_at !== null && now().getTime() >= row.rotated_at + ROTATION_MS;
  }

  function writeSoon(): void {
    timer ??= setTimeout(() => void flush().catch(() => undefined), SIGHTING_MS).unref();
  }

  /** A sighting that cannot be written is told again by the next delivery. */
  async function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const latest = [...sightings];
    const clocks = [...drifts];
    sightings.clear();
    drifts.clear();
    for (const [id, sighting] of latest) await bridges.seen(id, sighting);
    for (const [id, ms] of clocks) await bridges.setClockDrift(id, ms);
  }
}

function joinSightings(earlier: BridgeSighting | undefined, later: BridgeSighting): BridgeSighting {
  return {
    at: later.at,
    lastSeq: later.lastSeq ?? earlier?.lastSeq ?? null,
    whmcs: later.whmcs ?? earlier?.whmcs ?? null,
    bridgeVersion: later.bridgeVersion ?? earlier?.bridgeVersion ?? null,
    timeZone: later.timeZone ?? earlier?.timeZone ?? null,
    seqStep: later.seqStep ?? earlier?.seqStep ?? null,
  };
}
