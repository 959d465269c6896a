import type { Request, Response } from 'express';
import type { JsonObject } from '../../core/canonical-json';
import type { Database } from '../../db/connection';
import type { EntryStore, Ledger } from '../../entries/entry-store';
import { DEFAULT_TENANT } from '../../entries/ledger-setup';
import type { OwnEvents } from '../capture/own-events-service';
import type { Tenant } from './access-change';
import type { Reader } from './reading-record';
import { actorOf, type Viewer } from './viewer';

interface ReaderDeps {
  readonly database: Database;
  readonly store: EntryStore;
  readonly clientIp: (request: Request) => string | null;
}

/** The program behind a Bearer token. */
interface TokenCaller {
  readonly tokenName: string;
  readonly tenantId: number;
}

/** What an export was asked for: its format, and a filter or entries. */
type Exported = JsonObject & { readonly format: string };

/** Who reads, by what the doors before left in the response: a viewer, or the caller of the API. */
export function createReaders({ database, store, clientIp }: ReaderDeps) {
  return {
    async readerOf(request: Request, response: Response): Promise<Reader | undefined> {
      const viewer = response.locals['viewer'] as Viewer | undefined;
      const caller = response.locals['caller'] as TokenCaller | undefined;
      if (viewer) {
        const tenant = (await store.findLedger(viewer.tenant))?.tenant;
        return tenant && { tenant, actor: actorOf(viewer), ...placeOf(request, response), via: 'ui' };
      }
      const tenant = caller && (await store.listLedgers(caller.tenantId))[0]?.tenant;
      return tenant && { tenant, actor: tokenActor(caller), ...placeOf(request, response), via: 'api' };
    },

    async findEntry(tenant: Tenant, idOrSeq: string) {
      const name = /^\d+$/.test(idOrSeq) ? { seq: Number(idOrSeq) } : { id: idOrSeq.toLowerCase() };
      const ledger = await store.findLedger(tenant.slug);
      return ledger && database.knex('entries').where({ ledger_id: ledger.id, ...name }).first<{ seq: number; action: string } | undefined>('seq', 'action'); // prettier-ignore
    },

    async findDefault(): Promise<Tenant | undefined> {
      return (await store.findLedger(DEFAULT_TENANT))?.tenant;
    },

    /** Each export over the API is an entry of its own, as those of the pages are. */
    recordExport: (ownEvents: OwnEvents) => (caller: TokenCaller, ledger: Ledger, { format, ...asked }: Exported, request: Request) =>
      ownEvents.record(ledger.tenant.slug, {
        action: 'audit.exported',
        actor: tokenActor(caller),
        targetId: format,
        payload: { format, ...asked },
        ip: clientIp(request),
        userAgent: request.get('user-agent') ?? null,
        via: 'api',
      }), // prettier-ignore
  };

  /** Behind a bridge the peer is the billing system: then it tells where its administrator is. */
  function placeOf(request: Request, response: Response): Pick<Reader, 'ip' | 'userAgent'> {
    const told = response.locals['readerPlace'] as Pick<Reader, 'ip' | 'userAgent'> | undefined;
    return told ?? { ip: clientIp(request), userAgent: request.get('user-agent') ?? null };
  }
}

function tokenActor({ tokenName }: TokenCaller) {
  return { type: 'api', id: null, name: tokenName, role: null, actingAs: null } as const;
}
