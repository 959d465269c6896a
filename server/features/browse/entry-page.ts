import {
  formatDuration,
  formatNumber,
  formatUtc,
  revealText,
  shorten,
  showDate,
  showTime,
  translateCode,
  type PageContext,
  type ShownTime,
} from '../../http/page-context';
import { changeLines, type ChangeLine } from './change-page';
import { entryLine, linkTo, referenceOf, type EntryLine } from './entry-line-page';
import type { EntryView } from './entry-view';

/** One line of a detail list. */
interface Fact {
  readonly label: string;
  readonly text: string;
  readonly href: string | null;
  /** `code` is set in monospace, `long` may be shortened in view and is copied whole. */
  readonly kind: 'text' | 'code' | 'copy';
  readonly copy: string;
  readonly remark: string;
}

interface Section {
  readonly title: string;
  readonly facts: readonly Fact[];
}

export interface EntryDetailPage {
  readonly line: EntryLine;
  readonly title: string;
  readonly seq: string;
  readonly time: ShownTime;
  readonly erasedNote: string;
  /** The entries of the erasures that took them. */
  readonly erasures: readonly { readonly label: string; readonly href: string }[];
  readonly brokenNote: string;
  readonly changes: readonly ChangeLine[];
  readonly changesNote: string;
  readonly sections: readonly Section[];
  readonly payload: string;
  readonly payloadNote: string;
  readonly related: readonly { readonly label: string; readonly href: string }[];
  readonly listHref: string;
  readonly ownHref: string;
  readonly verifyAction: string;
}

export function entryPage(entry: EntryView, ctx: PageContext): EntryDetailPage {
  const { t, url } = ctx;
  const filterLink = (name: string, value: string) => url('/entries', { [name]: value });
  const line = entryLine(entry, ctx, filterLink);
  const isErased = (name: string) => entry.erased.includes(name);
  return {
    line,
    title: t('entry:title', { seq: formatNumber(entry.seq, ctx) }),
    seq: formatNumber(entry.seq, ctx),
    time: showTime(entry.occurred_at, ctx),
    erasedNote:
      entry.erased.length === 0
        ? ''
        : t('entry:erased_note', {
            fields: entry.erased.map((name) => erasedName(name, ctx)).join(t('common:list_separator')),
          }),
    erasures: [...new Map(entry.erasures.map((one) => [one.seq, one])).values()].map(({ seq, at }) => ({
      label: t('entry:erasure', { seq: formatNumber(seq, ctx), time: showTime(at, ctx).local }),
      href: url(`/entries/${seq}`),
    })),
    brokenNote: entry.integrity.status === 'valid' ? '' : t(`entry:status_note.${entry.integrity.status}`),
    changes: changeLines(entry.changes, ctx),
    changesNote: isErased('changes')
      ? t('entry:changes_erased')
      : entry.changes.length === 0
        ? t('entry:no_changes')
        : '',
    sections: [
      whoSection(entry, line, ctx),
      targetSection(entry, line, ctx),
      requestSection(entry, line, ctx),
      integritySection(entry, ctx),
    ],
    payload:
      Object.keys(entry.source.payload).length === 0 ? '' : revealText(JSON.stringify(entry.source.payload, null, 2)),
    payloadNote: isErased('source.payload')
      ? t('entry:payload_erased')
      : Object.keys(entry.source.payload).length === 0
        ? t('entry:no_payload')
        : '',
    related: relatedLinks(entry, ctx),
    listHref: url('/entries'),
    ownHref: line.href,
    verifyAction: url(`/entries/${encodeURIComponent(entry.id)}/verify`),
  };
}

function whoSection(entry: EntryView, line: EntryLine, ctx: PageContext): Section {
  const { t } = ctx;
  const { actor } = entry;
  return {
    title: t('entry:section.who'),
    facts: facts([
      actor.name !== null || entry.erased.includes('actor.name')
        ? {
            label: t('entry:fact.name'),
            text: valueOr(actor.name, entry, 'actor.name', ctx),
            href:
              actor.name === null
                ? erasureHref(entry, 'actor.name', ctx)
                : linkTo((name, value) => ctx.url('/entries', { [name]: value }), 'actor_name', actor.name),
          }
        : null,
      { label: t('entry:fact.account'), text: accountText('terms:actor_type.', actor, ctx), href: line.actor.href },
      actor.role === null ? null : { label: t('entry:fact.role'), text: revealText(actor.role) },
      actor.acting_as === null
        ? null
        : {
            label: t('entry:fact.acting_as'),
            text: actingAsText(actor.acting_as, ctx),
            href: linkTo((_, value) => ctx.url('/entries', { target: value }), 'target', actor.acting_as),
          },
    ]),
  };
}

function targetSection(entry: EntryView, line: EntryLine, ctx: PageContext): Section {
  const { t, url } = ctx;
  const { target } = entry;
  return {
    title: t('entry:section.target'),
    facts: facts([
      target.label !== null || entry.erased.includes('target.label')
        ? {
            label: t('entry:fact.name'),
            text: valueOr(target.label, entry, 'target.label', ctx),
            href: erasureHref(entry, 'target.label', ctx),
          }
        : null,
      { label: t('entry:fact.record'), text: accountText('terms:target_type.', target, ctx), href: line.target.href },
      entry.client === null
        ? null
        : {
            label: t('entry:fact.client'),
            text: revealText(entry.client),
            href: linkTo((name, value) => url('/entries', { [name]: value }), 'client', entry.client),
          },
      entry.reason === null && !entry.erased.includes('reason')
        ? null
        : {
            label: t('entry:fact.reason'),
            text: valueOr(entry.reason, entry, 'reason', ctx),
            href: erasureHref(entry, 'reason', ctx),
          },
    ]),
  };
}

function requestSection(entry: EntryView, line: EntryLine, ctx: PageContext): Section {
  const { t, url } = ctx;
  const { source } = entry;
  const received = showTime(entry.received_at, ctx);
  return {
    title: t('entry:section.request'),
    facts: facts([
      {
        label: t('entry:fact.occurred'),
        text: showTime(entry.occurred_at, ctx).local,
        remark: formatUtc(entry.occurred_at),
      },
      { label: t('entry:fact.received'), text: received.local, remark: received.utc },
      source.skew_ms === null || Math.abs(source.skew_ms) < 1000
        ? null
        : { label: t('entry:fact.skew'), text: delayText(source.skew_ms, ctx) },
      entry.ip === null && !entry.erased.includes('ip')
        ? null
        : {
            label: t('entry:fact.ip'),
            text: valueOr(entry.ip, entry, 'ip', ctx),
            href: line.ip?.href ?? erasureHref(entry, 'ip', ctx),
            kind: entry.ip === null ? 'text' : 'code',
          },
      entry.user_agent === null && !entry.erased.includes('user_agent')
        ? null
        : {
            label: t('entry:fact.user_agent'),
            text: valueOr(entry.user_agent, entry, 'user_agent', ctx),
            href: erasureHref(entry, 'user_agent', ctx),
          },
      entry.via === null
        ? null
        : {
            label: t('entry:fact.via'),
            text: translateCode(ctx, 'terms:via.', entry.via),
            href: url('/entries', { via: entry.via }),
          },
      source.script === null ? null : { label: t('entry:fact.script'), text: revealText(source.script), kind: 'code' },
      { label: t('entry:fact.source_kind'), text: translateCode(ctx, 'terms:source_kind.', source.kind) },
      source.hook === null
        ? null
        : {
            label: t('entry:fact.hook'),
            text: revealText(source.hook),
            kind: 'code',
            href: linkTo((name, value) => url('/entries', { [name]: value }), 'hook', source.hook),
          },
      source.bridge === null ? null : { label: t('entry:fact.bridge'), text: revealText(source.bridge), kind: 'code' },
      source.seq === null ? null : { label: t('entry:fact.bridge_seq'), text: revealText(source.seq), kind: 'code' },
    ]),
  };
}

function integritySection(entry: EntryView, ctx: PageContext): Section {
  const { t, url } = ctx;
  const { integrity } = entry;
  return {
    title: t('entry:section.integrity'),
    facts: facts([
      { label: t('entry:fact.seal'), text: t(`entry:status.${integrity.status}`) },
      { label: t('entry:fact.seq'), text: formatNumber(entry.seq, ctx) },
      { label: t('entry:fact.hash'), text: shortHash(integrity.hash), kind: 'copy', copy: integrity.hash },
      {
        label: t('entry:fact.prev_hash'),
        text: shortHash(integrity.prev_hash),
        kind: 'copy',
        copy: integrity.prev_hash,
        href: entry.seq > 1 ? url(`/entries/${entry.seq - 1}`) : null,
      },
      { label: t('entry:fact.epoch'), text: formatNumber(integrity.epoch, ctx) },
      { label: t('entry:fact.ledger'), text: revealText(entry.ledger) },
      { label: t('entry:fact.id'), text: entry.id, kind: 'copy', copy: entry.id },
      {
        label: t('entry:fact.event_id'),
        text: `${revealText(entry.source.event_id)}${entry.source.part > 0 ? ` / ${entry.source.part}` : ''}`,
        kind: 'copy',
        copy: entry.source.event_id,
      },
    ]),
  };
}

/** Late delivery and clocks that differ look the same from here; only a negative delay proves the clocks. */
function delayText(ms: number, ctx: PageContext): string {
  return ctx.t(ms < 0 ? 'entry:skew_negative' : 'entry:skew', { duration: formatDuration(Math.abs(ms), ctx) });
}

function relatedLinks(entry: EntryView, ctx: PageContext): { label: string; href: string }[] {
  const { t, url } = ctx;
  const filter = (name: string, value: string) => url('/entries', { [name]: value });
  const found: (readonly [key: string, href: string | null])[] = [
    ['previous', entry.seq > 1 ? url(`/entries/${entry.seq - 1}`) : null],
    ['next', url(`/entries/${entry.seq + 1}`)],
    ['actor', entry.actor.id === null ? null : linkTo(filter, 'actor', referenceOf(entry.actor))],
    ['target', entry.target.id === null ? null : linkTo(filter, 'target', referenceOf(entry.target))],
    ['client', entry.client === null ? null : linkTo(filter, 'client', entry.client)],
    ['ip', entry.ip === null ? null : linkTo(filter, 'ip', entry.ip)],
    ['bundle', url('/export.zip', { entries: entry.seq })],
    ['target_bundle', entry.target.id === null ? null : url('/export.zip', { target: referenceOf(entry.target) })],
  ];
  return found.flatMap(([key, href]) => (href === null ? [] : [{ label: t(`entry:related.${key}`), href }]));
}

function facts(list: readonly ((Partial<Fact> & Pick<Fact, 'label' | 'text'>) | null)[]): Fact[] {
  return list.flatMap((fact) => (fact === null ? [] : [{ href: null, kind: 'text', copy: '', remark: '', ...fact }]));
}

function valueOr(value: string | null, entry: EntryView, name: string, ctx: PageContext): string {
  if (value !== null) return revealText(value);
  const erasure = findErasure(entry, name);
  return erasure ? ctx.t('entry:erased_on', { date: showDate(erasure.at, ctx) }) : ctx.t('entry:empty');
}

function findErasure(entry: EntryView, name: string): EntryView['erasures'][number] | undefined {
  return entry.erasures.find((one) => one.fields.includes(name));
}

/** Where the entry of the erasure is, for a value that it took. */
function erasureHref(entry: EntryView, name: string, { url }: PageContext): string | null {
  const erasure = findErasure(entry, name);
  return erasure ? url(`/entries/${erasure.seq}`) : null;
}

function erasedName(name: string, { t }: PageContext): string {
  return t(`entry:erased_name.${name.replace('.', '_')}`);
}

function accountText(
  list: string,
  { type, id }: { readonly type: string; readonly id: string | null },
  ctx: PageContext,
): string {
  const label = revealText(translateCode(ctx, list, type));
  return id === null ? label : `${label} ${/^\d+$/.test(id) ? '#' : ''}${revealText(id)}`;
}

function actingAsText(reference: string, ctx: PageContext): string {
  const [type = '', ...id] = reference.split(':');
  return accountText('terms:actor_type.', { type, id: id.length === 0 ? null : id.join(':') }, ctx);
}

function shortHash(hash: string): string {
  return shorten(revealText(hash), 23);
}
