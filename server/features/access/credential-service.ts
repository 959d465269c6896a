import type { Knex } from 'knex';
import type { OwnEvent } from '../../core/own-event';
import type { Ledger } from '../../entries/entry-store';
import type { StatedChanges } from '../capture/stated-changes-service';
import type { ActiveBridge, BridgeService, MadeBridge, Rotation } from './bridge-service';
import type { ApiTokenService, MadeToken, Scope } from './token-service';

/** Whom the entry names, and what else it tells. */
export type ToldBy = Pick<OwnEvent, 'actor' | 'via' | 'payload'>;

/** What a machine signs or asks with: a bridge's secret, an API token. */
export interface Credential {
  readonly id: string;
  readonly name: string;
}

/**
 * Bridges and API tokens are made, given another secret and revoked together with the entry that tells it: both are committed or
 * neither, so that a row which no entry tells of was written by somebody else.
 */
export interface CredentialService {
  addBridge(ledger: Ledger, name: string, by: ToldBy): Promise<MadeBridge>;
  /** Undefined for a bridge that is unknown or revoked. */
  rotateBridge(ledger: Ledger, bridge: Credential, by: ToldBy): Promise<Rotation | undefined>;
  /** Told that a bridge signed with the newer of its two secrets: the older ends. */
  endRotation(bridge: ActiveBridge): Promise<void>;
  /** False when it is not active. */
  revokeBridge(ledger: Ledger, bridge: Credential, by: ToldBy): Promise<boolean>;
  createToken(ledger: Ledger, name: string, scopes: readonly Scope[], by: ToldBy): Promise<MadeToken>;
  /** False when it is not active. */
  revokeToken(ledger: Ledger, token: Credential, by: ToldBy): Promise<boolean>;
}

interface CredentialDeps {
  readonly stated: StatedChanges;
  readonly bridgesIn: (trx: Knex) => Pick<BridgeService, 'add' | 'rotate' | 'endRotation' | 'revoke'>;
  readonly tokensIn: (trx: Knex) => Pick<ApiTokenService, 'create' | 'revoke'>;
}

const NEW_SECRET = [{ field: 'secret', before: '[redacted]', after: '[redacted:changed]' }];

export function createCredentialService({ stated, bridgesIn, tokensIn }: CredentialDeps): CredentialService {
  function revoking(
    action: string,
    revokeIn: (trx: Knex, id: string) => Promise<boolean>,
  ): CredentialService['revokeBridge' | 'revokeToken'] {
    return (ledger, { id, name }, by) =>
      stated.change(ledger.tenant.slug, async (trx, state) => {
        const isRevoked = await revokeIn(trx, id);
        if (isRevoked) await state({ ...by, action, targetId: id, targetLabel: name });
        return isRevoked;
      });
  }

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

    revokeBridge: revoking('audit.bridge_revoked', (trx, id) => bridgesIn(trx).revoke(id)),

    createToken: (ledger, name, scopes, { payload, ...by }) =>
      stated.change(ledger.tenant.slug, async (trx, state) => {
        const made = await tokensIn(trx).create(name, ledger.tenant.id, scopes);
        const told = { ...payload, scopes: scopes.join(',') };
        await state({ ...by, action: 'audit.token_created', targetId: made.id, targetLabel: name, payload: told });
        return made;
      }),

    revokeToken: revoking('audit.token_revoked', (trx, id) => tokensIn(trx).revoke(id)),
  };
}
