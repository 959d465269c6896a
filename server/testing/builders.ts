import type { JsonObject } from '../core/canonical-json';
import type { CaptureContext } from '../core/classify';
import type { Actor, AuditEvent, EventSource } from '../core/event';
import { getAction } from '../core/action-catalogue';
import type { ActivityLine, HookCall, ReportedRequest, TableChange } from '../core/hook-call';
import type { EntryPlace } from '../core/sealed-record';

// Each builder gives a whole, believable thing; a test names only what it is about.

const ITEM_ID = '0193b2e4-7c11-7d3a-9f00-1a2b3c4d5e6f';
const OCCURRED_AT = '2026-11-21T01:02:03.456Z';

export function anActor(parts: Partial<Actor> = {}): Actor {
  return { type: 'admin', id: '7', name: 'jane', role: 'Full Administrator', actingAs: null, ...parts };
}

function aRequest(parts: Partial<ReportedRequest> = {}): ReportedRequest {
  return {
    peer: '203.0.113.42',
    headers: {},
    whmcsIp: '203.0.113.42',
    userAgent: 'Mozilla/5.0',
    via: 'ui',
    script: 'invoices.php',
    session: null,
    ...parts,
  };
}

function reportedBase() {
  return {
    id: ITEM_ID,
    seq: '77',
    occurredAt: OCCURRED_AT,
    params: {},
    before: null,
    actor: anActor(),
    request: aRequest(),
  };
}

/** A hook call as the core sees it, already parsed. */
export function aHookCall(parts: Partial<Omit<HookCall, 'kind'>> = {}): HookCall {
  return { ...reportedBase(), kind: 'hook', hook: 'InvoicePaid', params: { invoiceid: 123 }, ...parts };
}

export function aTableChange(parts: Partial<Omit<TableChange, 'kind'>> = {}): TableChange {
  return { ...reportedBase(), kind: 'table_change', table: 'tbladmins', key: '7', after: null, ...parts };
}

export function anActivityLine(parts: Partial<Omit<ActivityLine, 'kind'>> = {}): ActivityLine {
  return { ...reportedBase(), kind: 'activity', text: 'Cron Job: Completed', ...parts };
}

export function aCaptureContext(parts: Partial<CaptureContext> = {}): CaptureContext {
  return {
    bridge: 'bridge-1',
    sentAt: '2026-11-21T01:02:04.000Z',
    ip: '203.0.113.42',
    digest: 'd'.repeat(64),
    ...parts,
  };
}

/** An item as a bridge writes it into a delivery (CONTRACT section 4). */
export function aHookItem(parts: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    id: ITEM_ID,
    seq: 77,
    kind: 'hook',
    hook: 'InvoicePaid',
    occurred_at: OCCURRED_AT,
    params: { invoiceid: 123 },
    before: null,
    actor: { type: 'admin', id: '7', name: 'jane', role: 'Full Administrator', acting_as: null },
    request: {
      peer: '203.0.113.42',
      headers: {},
      whmcs_ip: '203.0.113.42',
      user_agent: 'Mozilla/5.0',
      via: 'ui',
      script: 'invoices.php',
      session: null,
    },
    installation: { whmcs: '9.0.1', bridge: '1.0.0', time_zone: 'Europe/Berlin' },
    ...parts,
  };
}

export interface EventOptions extends Partial<Omit<AuditEvent, 'action' | 'source'>> {
  /** Category, severity, outcome and the target's type follow from it. */
  readonly action?: string;
  readonly payload?: JsonObject;
  readonly source?: Partial<EventSource>;
}

export function anEvent({ action: name = 'invoice.paid', payload, source, ...parts }: EventOptions = {}): AuditEvent {
  const action = getAction(name);
  return {
    occurredAt: OCCURRED_AT,
    category: action.category,
    action: action.action,
    severity: action.severity,
    outcome: action.outcome === 'either' ? 'unknown' : action.outcome,
    actor: anActor(),
    target: { type: action.targetType, id: '123', label: null },
    client: null,
    ip: '203.0.113.42',
    peer: '203.0.113.42',
    whmcsIp: '203.0.113.42',
    script: 'invoices.php',
    userAgent: 'Mozilla/5.0',
    session: null,
    via: 'ui',
    reason: null,
    changes: [],
    source: {
      bridge: 'bridge-1',
      eventId: ITEM_ID,
      part: 0,
      kind: 'hook',
      hook: 'InvoicePaid',
      seq: '77',
      sentAt: '2026-11-21T01:02:04.000Z',
      payload: payload ?? { invoiceid: 123 },
      digest: 'd'.repeat(64),
      ...source,
    },
    ...parts,
  };
}

export function aPlace(parts: Partial<EntryPlace> = {}): EntryPlace {
  return {
    id: '0193b2e4-9000-7000-8000-000000000001',
    tenant: 'default',
    ledger: 'default',
    seq: 2,
    epoch: 1,
    receivedAt: '2026-11-21T01:02:05.000Z',
    ...parts,
  };
}
