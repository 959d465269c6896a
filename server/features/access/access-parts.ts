import type { Logger } from 'pino';
import type { RowMac } from '../../core/row-mac';
import type { Database } from '../../db/connection';
import type { EntryStore } from '../../entries/entry-store';
import type { KeyRing } from '../../entries/key-ring';
import type { LedgerFacts } from '../../entries/ledger-facts';
import type { OwnEvents } from '../capture/own-events-service';
import type { StatedChanges } from '../capture/stated-changes-service';
import { accessTables, createAccessLedger } from './access-ledger';
import { createAccessLog, type AccessLog } from './access-log-service';
import { createAccessService, type AccessService } from './access-service';
import { createAccessWindowStore } from './access-window-store';
import { createBridgeService, type BridgeService } from './bridge-service';
import { createBridgeStore } from './bridge-store';
import { createCredentialService, type CredentialService } from './credential-service';
import { createLoginLinkService, type LoginLinkService } from './login-link-service';
import { createPeopleService, type PeopleService } from './people-service';
import { createReadingScope, type ReadingScope } from './reading-scope';
import { createRoleService, type RoleService } from './role-service';
import { createStatedAccess } from './stated-access';
import { createApiTokenService, type ApiTokenService } from './token-service';

interface AccessPartsDeps {
  readonly database: Database;
  readonly store: EntryStore;
  readonly keyRing: KeyRing;
  readonly rowMac: RowMac;
  readonly stated: StatedChanges;
  readonly ownEvents: OwnEvents;
  /** What the chain of a ledger says, and whether it still fits its seal. */
  readonly readFacts: LedgerFacts['read'];
  /** Whether a tenant has its reading recorded; refusals always are. */
  readonly recordsReads: (tenantId: number) => Promise<boolean>;
  readonly logger: Pick<Logger, 'warn'>;
  readonly now: () => Date;
}

/** Who and what may come in, and what of it they may, joined. */
export interface AccessParts {
  readonly bridges: BridgeService;
  readonly tokens: ApiTokenService;
  readonly credentials: CredentialService;
  readonly loginLinks: LoginLinkService;
  readonly roles: RoleService;
  readonly people: PeopleService;
  readonly access: AccessService;
  readonly accessLog: AccessLog;
  readonly readingScope: ReadingScope;
}

export function createAccessParts(deps: AccessPartsDeps): AccessParts {
  const { database, store, keyRing, rowMac, stated, now } = deps;
  const db = database.knex;
  const bridgesIn = (knex: Database['knex']) =>
    createBridgeService({ bridges: createBridgeStore(knex, rowMac), keyRing, store, now });
  const tokensIn = (knex: Database['knex']) => createApiTokenService({ db: knex, rowMac, now });
  const tables = accessTables(db, database);
  const ledger = createAccessLedger({ database, stated });
  const readStated = createStatedAccess(deps.readFacts);
  const statedOf = async (tenantId: number) => {
    const [own] = await store.listLedgers(tenantId);
    if (!own) throw new Error(`tenant ${tenantId} has no ledger`);
    return readStated(own);
  };
  const roles = createRoleService({ ledger, roles: tables.roles, statedOf, now });
  return {
    bridges: bridgesIn(db),
    tokens: tokensIn(db),
    credentials: createCredentialService({ stated, bridgesIn, tokensIn }),
    loginLinks: createLoginLinkService({ db, rowMac, now }),
    roles,
    people: createPeopleService({ database, ledger, statedOf, now }),
    access: createAccessService({
      people: tables.people,
      readStated,
      findLedger: (name) => store.findLedger(name),
      now,
    }),
    accessLog: createAccessLog({
      windows: createAccessWindowStore(database),
      ownEvents: deps.ownEvents,
      recordsReads: deps.recordsReads,
      findTenant: async (id) => (await store.listLedgers(id))[0]?.tenant,
      now,
      onError: (error) => deps.logger.warn({ err: error }, 'what somebody read or was refused was not recorded'),
    }),
    readingScope: createReadingScope(),
  };
}
