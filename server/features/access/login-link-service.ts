import { createHash, randomBytes } from 'node:crypto';
import type { Knex } from 'knex';
import type { SignedIn } from './viewer';

/** One-time sign-in links, good for ten minutes. Only a hash of each is kept. */
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
}

export function createLoginLinkService({ db, now }: { readonly db: Knex; readonly now: () => Date }): LoginLinkService {
  const links = () => db<LinkRow>('login_links');
  const open = (token: string) => links().where({ link_hash: hashToken(token) }).whereNull('used_at').where('expires_at', '>', now().getTime()); // prettier-ignore
  return {
    async create(viewer) {
      const token = randomBytes(32).toString('base64url');
      await links().where('expires_at', '<', now().getTime() - 86_400_000).delete(); // prettier-ignore
      await links().insert({
        link_hash: hashToken(token),
        tenant_id: viewer.tenantId,
        role: viewer.role,
        name: viewer.name,
        expires_at: now().getTime() + LOGIN_LINK_MS,
      });
      return token;
    },
    async isOpen(token) {
      return (await open(token).first()) !== undefined;
    },
    async use(token) {
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
}

/** Tokens of ours hold 256 random bits, so a plain hash keeps them; a password would need more. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
