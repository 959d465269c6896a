import { randomBytes } from 'node:crypto';
import type { Knex } from 'knex';
import { v7 as uuidv7 } from 'uuid';
import type { RowMac } from '../../core/row-mac';
import { hashToken } from './login-link-service';

export const SCOPES = ['read', 'export', 'verify', 'write', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

export interface ApiTokenRow {
  id: string;
  tenant_id: number;
  name: string;
  token_hash: string;
  scopes: string;
  created_at: number;
  revoked_at: number | null;
  last_used_at: number | null;
  mac: string | null;
}

/** A token's row, and whether it is as the program wrote it: one that is not opens nothing. */
export interface ListedToken extends ApiTokenRow {
  readonly isGenuine: boolean;
}

export interface MadeToken {
  readonly id: string;
  readonly token: string;
}

/**
 * Tokens for the API. Only a hash of each is kept, sealed: a row that somebody else wrote or changed opens nothing. The entries
 * about them are written by the `CredentialService`.
 */
export interface ApiTokenService {
  create(name: string, tenantId: number, scopes: readonly Scope[]): Promise<MadeToken>;
  list(): Promise<ListedToken[]>;
  revoke(id: string): Promise<boolean>;
  find(
    token: string,
  ): Promise<
    | { readonly id: string; readonly name: string; readonly tenantId: number; readonly scopes: readonly Scope[] }
    | undefined
  >;
}

interface TokenDeps {
  readonly db: Knex;
  readonly rowMac: RowMac;
  readonly now: () => Date;
}

export function createApiTokenService({ db, rowMac, now }: TokenDeps): ApiTokenService {
  const macOf = (row: SealedCells) => rowMac.of('api_tokens', cellsOf(row));
  const isGenuine = (row: ApiTokenRow) => rowMac.fits(row.mac, 'api_tokens', cellsOf(row));
  const tokens = () => db<ApiTokenRow>('api_tokens');
  return {
    async create(name, tenantId, scopes) {
      const id = uuidv7();
      const token = `stk_${randomBytes(32).toString('base64url')}`;
      const row = {
        id,
        tenant_id: tenantId,
        name,
        token_hash: hashToken(token),
        scopes: scopes.join(','),
        created_at: now().getTime(),
        revoked_at: null,
      };
      await tokens().insert({ ...row, mac: macOf(row) });
      return { id, token };
    },
    list: async () => (await tokens().orderBy('created_at')).map((row) => ({ ...row, isGenuine: isGenuine(row) })),
    async revoke(id) {
      const active = () => tokens().where({ id }).whereNull('revoked_at');
      const row = await active().first();
      if (!row) return false;
      const revoked = { revoked_at: now().getTime() };
      return (await active().update({ ...revoked, mac: macOf({ ...row, ...revoked }) })) === 1;
    },
    async find(token) {
      if (!token.startsWith('stk_')) return undefined;
      const row = await tokens()
        .where({ token_hash: hashToken(token) })
        .whereNull('revoked_at')
        .first();
      if (!row || !isGenuine(row)) return undefined;
      const at = now().getTime();
      // Once a minute is exact enough, and spares a write for every request.
      if (at - (row.last_used_at ?? 0) > 60_000) await tokens().where({ id: row.id }).update({ last_used_at: at });
      return { id: row.id, name: row.name, tenantId: row.tenant_id, scopes: row.scopes.split(',') as Scope[] };
    },
  };
}

type SealedCells = Omit<ApiTokenRow, 'last_used_at' | 'mac'>;

function cellsOf(row: SealedCells) {
  return [row.id, row.tenant_id, row.name, row.token_hash, row.scopes, row.created_at, row.revoked_at];
}
