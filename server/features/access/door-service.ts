import type { Knex } from 'knex';
import type { OwnEvent } from '../../core/own-event';
import type { Ledger } from '../../entries/entry-store';
import type { StatedChanges } from '../capture/stated-changes-service';
import type { ActiveBridge, BridgeService, MadeBridge, Rotation } from './bridge-service';
import type { ApiTokenService, MadeToken, Scope } from './token-service';

/** Whom the entry names, and what else it tells. */
export type ToldBy = Pick<OwnEvent, 'actor' | 'via' | 'payload'>;

/** What opens a way in: a bridge, an API token. */
export interface Door {
  readonly id: string;
  readonly name: string;
}

/**
 * Bridges and API tokens are made, given another secret and revoked together with the entry that tells it: both are committed or
 * neither, so that a row which no entry tells of was written by somebody else.
 */
export interface DoorService {
  addBridge(ledger: Ledger, name: string, by: ToldBy): Promise<MadeBridge>;
  /** Undefined for a bridge that is unknown or revoked. */
  rotateBridge(ledger: Ledger, bridge: Door, by: ToldBy): Promise<Rotation | undefined>;
  /** Told that a bridge signed with the newer of its two secrets: the older ends. */
  endRotation(bridge: ActiveBridge): Promise<void>;
  /** False when it is not active. */
  revokeBridge(ledger: Ledger, bridge: Door, by: ToldBy): Promise<boolean>;
  createToken(ledger: Ledger, name: string, scopes: readonly Scope[], by: ToldBy): Promise<MadeToken>;
  /** False when it is not active. */
  revokeToken(ledger: Ledger, token: Door, by: ToldBy): Promise<boolean>;
}

interface DoorDeps {
  readonly stated: StatedChanges;
  readonly bridgesIn: (trx: Knex) => Pick<BridgeService, 'add' | 'rotate' | 'endRotation' | 'revoke'>;
  readonly tokensIn: (trx: Knex) => Pick<ApiTokenService, 'create' | 'revoke'>;
}

const NEW_SECRET = [{ field: 'secret', before: '[redacted]', after: '[redacted:changed]' }];

export function createDoorService({ stated, bridgesIn, tokensIn }: DoorDeps): DoorService {
  return {
    addBridge: (ledger, name, by) =>
      stated.change(ledger.tenant.slug, async (trx, state) => {
        const made = await bridgesIn(trx).add(name, ledger);
        await state({ ...by, action: 'audit.bridge_added', targetId: made.id, targetLabel: name });
        return made;
      }),

    rotateBridge: (ledger, { id, name }, { payload, ...by }) =>
      stated.change(ledger.tenant.slug, async (trx, state) => {
        const made = await bridgesIn(trx).rotate(id);
        if (!made) return undefined;
        const told = { ...payload, rotation: 'begun', older_secret_ends_at: made.firstEndsAt.toISOString() };
        await state({ ...by, action: 'audit.bridge_added', targetId: id, targetLabel: name, payload: told });
        return made;
      }),

    async endRotation(bridge) {
      const { id, name, ledger } = bridge;
      await stated.change(ledger.tenant.slug, async (trx, state) => {
        if (!(await bridgesIn(trx).endRotation(bridge))) return;
        await state({
          action: 'audit.bridge_added',
          targetId: id,
          targetLabel: name,
          payload: { rotation: 'finished' },
          changes: NEW_SECRET,
        });
      });
    },

    revokeBridge: (ledger, { id, name }, by) =>
      stated.change(ledger.tenant.slug, async (trx, state) => {
        const isRevoked = await bridgesIn(trx).revoke(id);
        if (isRevoked) await state({ ...by, action: 'audit.bridge_revoked', targetId: id, targetLabel: name });
        return isRevoked;
      }),

    createToken: (ledger, name, scopes, { payload, ...by }) =>
      stated.change(ledger.tenant.slug, async (trx, state) => {
        const made = await tokensIn(trx).create(name, ledger.tenant.id, scopes);
        const told = { ...payload, scopes: scopes.join(',') };
        await state({ ...by, action: 'audit.token_created', targetId: made.id, targetLabel: name, payload: told });
        return made;
      }),

    revokeToken: (ledger, { id, name }, by) =>
      stated.change(ledger.tenant.slug, async (trx, state) => {
        const isRevoked = await tokensIn(trx).revoke(id);
        if (isRevoked) await state({ ...by, action: 'audit.token_revoked', targetId: id, targetLabel: name });
        return isRevoked;
      }),
  };
}
