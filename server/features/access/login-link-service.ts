import { createHash, randomBytes } from 'node:crypto';
import type { Knex } from 'knex';
import type { RowMac } from '../../core/row-mac';
import type { SignedIn } from './viewer';

/** One-time sign-in links, good for ten minutes. Only a hash of each is kept, sealed: a row that somebody else wrote opens nothing. */
export interface LoginLinkService {
  create(viewer: SignedIn & { readonly tenantId: number }): Promise<string>;
  /** Whether the link could still be used; does not use it. */
  isOpen(token: string): Promise<boolean>;
  /** Who the open link is for, which is used up by this; undefined for one that is unknown, used or too old. */
  use(token: string): Promise<SignedIn | undefined>;
}

export const LOGIN_LINK_MS = 10 * 60_000;

interface LinkRow {
  link_hash: string;
  tenant_id: number;
  role: string;
  name: string;
  expires_at: number;
  used_at: number | null;
  mac: string | null;
}

interface LinkDeps {
  readonly db: Knex;
  readonly rowMac: RowMac;
  readonly now: () => Date;
}

export function createLoginLinkService({ db, rowMac, now }: LinkDeps): LoginLinkService {
  const links = () => db<LinkRow>('login_links');
  const open = (token: string) => links().where({ link_hash: hashToken(token) }).whereNull('used_at').where('expires_at', '>', now().getTime()); // prettier-ignore
  return {
    async create(viewer) {
      const token = randomBytes(32).toString('base64url');
      await links().where('expires_at', '<', now().getTime() - 86_400_000).delete(); // prettier-ignore
      const row = {
        link_hash: hashToken(token),
        tenant_id: viewer.tenantId,
        role: viewer.role,
        name: viewer.name,
        expires_at: now().getTime() + LOGIN_LINK_MS,
      };
      await links().insert({ ...row, mac: rowMac.of('login_links', cellsOf(row)) });
      return token;
    },
    isOpen,
    async use(token) {
      if (!(await isOpen(token))) return undefined;
      // The update decides: of two requests at once, one changes the row.
      if ((await open(token).update({ used_at: now().getTime() })) !== 1) return undefined;
      const row = await db('login_links')
        .join('tenants', 'tenants.id', 'login_links.tenant_id')
        .where({ link_hash: hashToken(token) })
        .first<{ name: string; role: string; slug: string } | undefined>(
          'login_links.name',
          'login_links.role',
          'tenants.slug',
        );
      return row && { name: row.name, role: row.role, tenant: row.slug };
    },
  };

  async function isOpen(token: string): Promise<boolean> {
    const row = await open(token).first();
    return row !== undefined && rowMac.fits(row.mac, 'login_links', cellsOf(row));
  }
}

function cellsOf(row: Omit<LinkRow, 'used_at' | 'mac'>) {
  return [row.link_hash, row.tenant_id, row.role, row.name, row.expires_at];
}

/** Tokens of ours hold 256 random bits, so a plain hash keeps them; a password would need more. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
