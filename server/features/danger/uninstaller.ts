import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Knex } from 'knex';
import { UNINSTALLED, type PurgeRequest } from '../../core/purge-request';
import type { Ledger } from '../../entries/entry-store';
import type { ApiTokenService } from '../access/token-service';
import type { BridgeService } from '../access/bridge-service';
import type { CredentialService, ToldBy } from '../access/credential-service';
import type { OwnEvents } from '../capture/own-events-service';
import type { LedgerFacts } from '../../entries/ledger-facts';
import type { CheckpointService, StoredCheckpoint } from '../tree/checkpoint-service';
import { leftAsText, type LeftSheet } from './left-sheet';
import { actorOf } from './person-actor';

/** Ends what sends to a ledger and what may read it, and writes down what is left. */
export interface Uninstaller {
  /** After the purge. May be called again after any end of the process; gives the files that it wrote. */
  run(ledger: Ledger, request: PurgeRequest, archives: readonly string[]): Promise<string[]>;
  /** What `run` wrote; undefined where it is not there. */
  readSheet(ledger: Ledger, id: string, format: SheetFormat): Promise<string | undefined>;
}

export const SHEET_FORMATS = ['json', 'txt'] as const;
export type SheetFormat = (typeof SHEET_FORMATS)[number];

interface UninstallerDeps {
  readonly db: Knex;
  readonly bridges: Pick<BridgeService, 'list'>;
  readonly tokens: Pick<ApiTokenService, 'list'>;
  readonly credentials: Pick<CredentialService, 'revokeBridge' | 'revokeToken'>;
  readonly checkpoints: CheckpointService;
  readonly facts: LedgerFacts;
  readonly ownEvents: OwnEvents;
  readonly publish: (ledger: Ledger) => Promise<StoredCheckpoint>;
  readonly place: { readonly dataDir: string; readonly masterKeyFile: string; readonly store: string; readonly keyHint: string }; // prettier-ignore
  readonly now: () => Date;
}

interface SessionRow {
  sid: string;
  sess: string;
}

export function createUninstaller(deps: UninstallerDeps): Uninstaller {
  const { db, ownEvents, facts, place } = deps;
  const fileOf = (ledger: Ledger, id: string, format: SheetFormat) =>
    path.join(place.dataDir, 'uninstalled', `${encodeURIComponent(ledger.name)}-${id}.${format}`);

  async function revokeBridges(ledger: Ledger, request: PurgeRequest): Promise<void> {
    for (const bridge of await deps.bridges.list()) {
      if (bridge.tenant_id !== ledger.tenant.id || bridge.revoked_at !== null) continue;
      await deps.credentials.revokeBridge(ledger, bridge, toldBy(request));
    }
  }

  async function revokeTokens(ledger: Ledger, request: PurgeRequest): Promise<void> {
    for (const token of await deps.tokens.list()) {
      if (token.tenant_id !== ledger.tenant.id || token.revoked_at !== null) continue;
      await deps.credentials.revokeToken(ledger, token, toldBy(request));
    }
  }

  /** Everybody's but that of who confirmed: they still have to fetch what is left. */
  async function endSessions(ledger: Ledger, { decidedBy }: PurgeRequest): Promise<number> {
    await db('login_links').where({ tenant_id: ledger.tenant.id }).whereNull('used_at').delete();
    const rows = await db<SessionRow>('sessions').select('sid', 'sess');
    const ending = rows.filter(({ sess }) => {
      const viewer = viewerIn(sess);
      return viewer?.tenant === ledger.tenant.slug && viewer.name !== decidedBy?.name;
    });
    for (const { sid } of ending) await db<SessionRow>('sessions').where({ sid }).delete();
    return ending.length;
  }

  async function writeSheets(ledger: Ledger, request: PurgeRequest, sheet: LeftSheet): Promise<string[]> {
    const [json, text] = [fileOf(ledger, request.id, 'json'), fileOf(ledger, request.id, 'txt')];
    await mkdir(path.dirname(json), { recursive: true, mode: 0o700 });
    await writeFile(json, `${JSON.stringify(sheet, null, 2)}\n`, { mode: 0o600 });
    await writeFile(text, leftAsText(sheet), { mode: 0o600 });
    return [json, text];
  }

  return {
    async run(ledger, request, archives) {
      await revokeBridges(ledger, request);
      await revokeTokens(ledger, request);
      const sessions = await endSessions(ledger, request);
      const revoked = await facts.read(ledger, ['audit.bridge_revoked', 'audit.token_revoked'], { afterSeq: request.seq }); // prettier-ignore
      const countOf = (action: string) =>
        revoked.filter((fact) => fact.action === action && fact.payload['request'] === request.id).length;
      const counts = { bridges: countOf('audit.bridge_revoked'), tokens: countOf('audit.token_revoked') };
      await ownEvents.record(ledger.tenant.slug, {
        once: request.id,
        action: UNINSTALLED,
        actor: actorOf(request.decidedBy),
        targetType: 'ledger',
        targetId: ledger.name,
        payload: { request: request.id, ledger: ledger.name, ...counts, sessions },
        via: request.via === 'cli' ? 'cli' : 'ui',
      });
      const final = await deps.publish(ledger);
      return writeSheets(ledger, request, {
        ledger: ledger.name,
        tenant: ledger.tenant.slug,
        uninstalled_at: deps.now().toISOString(),
        asked_by: request.requestedBy.name,
        confirmed_by: request.decidedBy?.name ?? '',
        entries_purged_through: request.through,
        ...counts,
        sessions,
        size: final.size,
        root: final.root,
        origin: final.origin,
        checkpoint: final.note,
        vkeys: await deps.checkpoints.vkeys(ledger),
        archives: archives.map((name) => path.join(place.dataDir, 'archives', name)),
        master_key: { file: place.masterKeyFile, fingerprint: place.keyHint },
        store: place.store,
        data_folder: path.resolve(place.dataDir),
      });
    },

    async readSheet(ledger, id, format) {
      if (!/^[0-9a-f-]{36}$/.test(id)) return undefined;
      try {
        return await readFile(fileOf(ledger, id, format), 'utf8');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw error;
      }
    },
  };
}

function toldBy({ id, decidedBy, via }: PurgeRequest): ToldBy {
  return { actor: actorOf(decidedBy), payload: { request: id }, via: via === 'cli' ? 'cli' : 'ui' };
}

function viewerIn(session: string): { readonly tenant?: unknown; readonly name?: unknown } | undefined {
  const { viewer } = JSON.parse(session) as { readonly viewer?: { readonly tenant?: unknown; readonly name?: unknown } }; // prettier-ignore
  return viewer;
}
