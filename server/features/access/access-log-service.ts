import { hash } from 'node:crypto';
import type { JsonObject, JsonValue } from '../../core/canonical-json';
import type { Actor, Via } from '../../core/event';
import { storedTime } from '../../core/stored-time';
import type { OwnEvents } from '../capture/own-events-service';
import type { Tenant } from './access-change';
import type { AccessWindowStore, WindowRow } from './access-window-store';

/** Something that somebody read, or was refused. */
export interface Happening {
  readonly tenant: Tenant;
  readonly kind: 'entry' | 'search' | 'verify' | 'export' | 'denied';
  readonly actor: Actor;
  /** What it was about: an entry, a filter, a door. */
  readonly detail: JsonObject;
  readonly targetId: string;
  readonly ip: string | null;
  readonly userAgent: string | null;
  readonly via: Via;
}

/**
 * Records reading (`audit.log_viewed`) and refusals (`audit.access_denied`) without flooding the log: of each kind by one person,
 * the first in a quarter of an hour is an entry at once, and all that follow in it are one more entry when it is over. What is
 * counted stands in the database: a sidecar that ends, or another one, writes the sum.
 */
export interface AccessLog {
  /** Nobody waits for it, and it never fails whoever calls. */
  note(happening: Happening): void;
  /** Writes the sums of what is over. */
  sweep(): Promise<void>;
  start(): void;
  /** Resolves when what was noted is written. */
  stop(): Promise<void>;
}

interface LogDeps {
  readonly windows: AccessWindowStore;
  readonly ownEvents: OwnEvents;
  /** Whether a tenant has its reading recorded; refusals always are. */
  readonly recordsReads: (tenantId: number) => Promise<boolean>;
  readonly findTenant: (id: number) => Promise<Tenant | undefined>;
  readonly now: () => Date;
  readonly onError: (error: unknown) => void;
}

export const WINDOW_MS = 15 * 60_000;
/** So long after its end a window is left alone: the clock of another sidecar may be a little behind. */
const GRACE_MS = 60_000;
const SWEEP_MS = 60_000;
const MAX_DETAILS = 50;
const SWEEP_ROWS = 500;

type Origin = Pick<Happening, 'actor' | 'targetId' | 'ip' | 'userAgent' | 'via'>;

export function createAccessLog(deps: LogDeps): AccessLog {
  const { windows, ownEvents, now } = deps;
  const working = new Set<Promise<void>>();
  let timer: NodeJS.Timeout | undefined;

  async function write(happening: Happening): Promise<void> {
    const { tenant, kind, actor, detail, targetId, ip, userAgent, via } = happening;
    if (kind !== 'denied' && !(await deps.recordsReads(tenant.id))) return;
    const row: WindowRow = {
      tenant_id: tenant.id,
      started_at: Math.floor(now().getTime() / WINDOW_MS) * WINDOW_MS,
      kind,
      reader: hash('sha256', JSON.stringify([actor.type, actor.id, actor.name])),
      origin: JSON.stringify({ actor, targetId, ip, userAgent, via } satisfies Origin),
      more: 0,
      details: JSON.stringify([detail]),
    };
    if (await windows.open(row)) await recordFirst(tenant.slug, row);
    else await windows.add(row, JSON.stringify(detail), MAX_DETAILS);
  }

  /** The same entry however often it is recorded: a process may have ended between counting and recording. */
  async function recordFirst(tenant: string, row: WindowRow): Promise<void> {
    const [first = {}] = JSON.parse(row.details) as JsonObject[];
    await record(tenant, row, { kind: row.kind, ...first }, '');
  }

  async function recordSum(tenant: string, row: WindowRow): Promise<void> {
    const sum = {
      kind: row.kind,
      since: storedTime(row.started_at),
      until: storedTime(row.started_at + WINDOW_MS),
      times: row.more,
      of: JSON.parse(row.details) as JsonValue,
    };
    await record(tenant, row, sum, ' sum');
  }

  async function record(tenant: string, row: WindowRow, payload: JsonObject, suffix: string): Promise<void> {
    await ownEvents.record(tenant, {
      action: row.kind === 'denied' ? 'audit.access_denied' : 'audit.log_viewed',
      ...(JSON.parse(row.origin) as Origin),
      payload,
      once: `${row.tenant_id} ${row.kind} ${row.reader} ${row.started_at}${suffix}`,
    });
  }

  async function sweep(): Promise<void> {
    const over = now().getTime() - WINDOW_MS - GRACE_MS;
    for (const row of await windows.listOver(over, SWEEP_ROWS)) {
      const tenant = await deps.findTenant(row.tenant_id);
      if (tenant) await recordFirst(tenant.slug, row);
      if (tenant && row.more > 0) await recordSum(tenant.slug, row);
      await windows.close(row);
    }
  }

  function work(doing: Promise<void>): void {
    const one = doing.catch(deps.onError).finally(() => working.delete(one));
    working.add(one);
  }

  return {
    note: (happening) => work(write(happening)),
    sweep,
    start() {
      work(sweep());
      timer = setInterval(() => work(sweep()), SWEEP_MS).unref();
    },
    async stop() {
      clearInterval(timer);
      await Promise.all(working);
    },
  };
}
