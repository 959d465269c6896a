import { randomBytes } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import type { Ledger } from '../../entries/entry-store';
import type { EntryStore } from '../../entries/entry-store';
import type { KeyRing } from '../../entries/key-ring';
import type { BridgeRow, BridgeSighting, BridgeStore } from './bridge-store';

export interface ActiveBridge {
  readonly id: string;
  readonly name: string;
  readonly secret: Buffer;
  readonly ledger: Ledger;
}

/** Pairing of senders. Secrets are stored wrapped by the master key and shown once. */
export interface BridgeService {
  add(name: string, ledger: Ledger): Promise<{ readonly id: string; readonly secret: string }>;
  list(): Promise<BridgeRow[]>;
  revoke(id: string): Promise<boolean>;
  /** A bridge that is known, not revoked and whose secret opens; else undefined. */
  findActive(id: string): Promise<ActiveBridge | undefined>;
  /** Remembers the latest sighting; written down within a second, so that a delivery does not wait for it. */
  noteSeen(id: string, sighting: BridgeSighting): void;
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

export function createBridgeService({ bridges, keyRing, store, now }: BridgeDeps): BridgeService {
  const sightings = new Map<string, BridgeSighting>();
  let timer: NodeJS.Timeout | undefined;

  return {
    async add(name, ledger) {
      const id = uuidv7();
      const secret = randomBytes(32);
      const wrapped = keyRing.wrapSecret(secret, id);
      await bridges.insert({
        id,
        tenant_id: ledger.tenant.id,
        name,
        wrapped_secret: wrapped,
        created_at: now().getTime(),
      });
      return { id, secret: `whsec_${secret.toString('base64')}` };
    },
    list: () => bridges.list(),
    revoke: (id) => bridges.revoke(id, now().getTime()),
    async findActive(id) {
      const row = await bridges.find(id);
      if (!row || row.revoked_at !== null) return undefined;
      const secret = keyRing.unwrapSecret(row.wrapped_secret, row.id);
      const [ledger] = await store.listLedgers(row.tenant_id);
      return secret && ledger ? { id: row.id, name: row.name, secret, ledger } : undefined;
    },
    noteSeen(id, sighting) {
      sightings.set(id, sighting);
      timer ??= setTimeout(() => void flush().catch(() => undefined), SIGHTING_MS).unref();
    },
    flush,
  };

  /** A sighting that cannot be written is told again by the next delivery. */
  async function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const latest = [...sightings];
    sightings.clear();
    for (const [id, sighting] of latest) await bridges.seen(id, sighting);
  }
}
