import type { EntryView } from '../features/browse/browse-service';
import { createI18n, type Language } from '../http/i18n';
import type { PageContext } from '../http/page-context';
import { createUrlBuilder } from '../http/url-builder';

const i18n = createI18n();

/** An entry as the pages get it: jane.doe changed the nameservers of example.com. */
export function anEntryView(over: Partial<EntryView> = {}): EntryView {
  const seq = over.seq ?? 42;
  return {
    seq,
    id: `0192f000-0000-7000-8000-${String(seq).padStart(12, '0')}`,
    tenant: 'default',
    ledger: 'default',
    occurred_at: '2026-11-21T01:02:03.456Z',
    received_at: '2026-11-21T01:02:04.000Z',
    category: 'domains',
    action: 'domain.nameservers_changed',
    severity: 'warning',
    outcome: 'success',
    actor: { type: 'admin', id: '7', name: 'jane.doe', role: 'Full Administrator', acting_as: null },
    target: { type: 'domain', id: '12', label: 'example.com' },
    client: '5',
    ip: '203.0.113.42',
    user_agent: 'Mozilla/5.0',
    via: 'ui',
    reason: null,
    changes: [{ field: 'ns1', before: 'ns1.old.example', after: 'ns1.new.example' }],
    source: {
      bridge: 'br_1',
      event_id: 'evt-42',
      part: 0,
      kind: 'hook',
      hook: 'DomainSaveNameservers',
      seq: '77',
      sent_at: null,
      skew_ms: 12,
      script: 'clientsdomains.php',
      payload: { domainid: 12 },
    },
    integrity: { prev_hash: 'a'.repeat(64), hash: 'b'.repeat(64), epoch: 1, status: 'valid' },
    erased: [],
    erasures: [],
    ...over,
  };
}

/** A reader of English in Berlin at 2026-11-21 04:00 UTC, unless told otherwise. */
export function aPageContext(
  over: { lng?: Language; timeZone?: string; now?: Date; basePath?: string } = {},
): PageContext {
  const lng = over.lng ?? 'en';
  return {
    lng,
    t: i18n.translator(lng),
    timeZone: over.timeZone ?? 'Europe/Berlin',
    now: over.now ?? new Date('2026-11-21T04:00:00Z'),
    url: createUrlBuilder(over.basePath ?? '/'),
  };
}
