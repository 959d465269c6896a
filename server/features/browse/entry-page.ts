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
import { entryLine, linkTo, referenceOf, sentenceOf, type EntryLine } from './entry-line-page';
import type { EntryView } from './entry-view';
import { entryHref, type ListPlace } from './list-place';
import type { Neighbours } from './neighbours';
import { relatedParts, type RelatedPart } from './related-page';
import type { RelatedGroup } from './related-service';
import { timelineHref } from './timeline-href';

/** One line of a detail list. */
interface Fact {
  readonly label: string;
  readonly text: string;
  readonly href: string | null;
  /** `code` is set in monospace, `long` may be shortened in view and is copied whole. */
  readonly kind: 'text' | 'code' | 'copy';
  readonly copy: string;
  readonly remark: string;
  /** Everything about the value, in order. */
  readonly timelineHref: string | null;
}

interface Section {
  readonly title: string;
  readonly facts: readonly Fact[];
}

/** The signed checkpoint that was the first to cover an entry; `signedAt` in milliseconds. */
export interface Cover {
  readonly size: number;
  readonly signedAt: number;
}

/** What a page tells besides the entry itself. */
export interface EntrySurroundings {
  /** The list that the reader came from; null: the whole log. */
  readonly place: ListPlace | null;
  readonly neighbours: Neighbours;
  readonly related: readonly RelatedGroup[];
  readonly cover: Cover | null;
  /** The reader may have it verified, and may take its proof along. */
  readonly mayVerify: boolean;
}

const ALONE: EntrySurroundings = {
  place: null,
  neighbours: { previous: null, next: null },
  related: [],
  cover: null,
  mayVerify: true,
};

/** A way to the next entry of the list, with what it is about. */
interface Turn {
  readonly href: string;
  readonly sentence: string;
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
  /** "(erased on ...)", with the way to the entry of the erasure. */
  readonly changesErased: { readonly text: string; readonly href: string } | null;
  readonly sections: readonly Section[];
  readonly integrity: IntegrityPart;
  /** As it is shown, and whole as it is copied. */
  readonly payload: string;
  readonly payloadCopy: string;
  readonly payloadNote: string;
  readonly related: readonly RelatedPart[];
  readonly ways: readonly { readonly label: string; readonly href: string }[];
  readonly previous: Turn | null;
  readonly next: Turn | null;
  readonly listHref: string;
  readonly listLabel: string;
  readonly ownHref: string;
  readonly printNote: string;
}

interface IntegrityPart {
  readonly facts: readonly Fact[];
  /** The checkpoint that holds it, or that none does yet. */
  readonly cover: string;
  readonly isCovered: boolean;
  readonly coverHref: string;
  readonly verifyAction: string | null;
  readonly proofHref: string | null;
}

export function entryPage(entry: EntryView, ctx: PageContext, more: EntrySurroundings = ALONE): EntryDetailPage {
  const { t, url } = ctx;
  const { place, neighbours } = more;
  const changesErasure = findErasure(entry, 'changes');
  const payload = JSON.stringify(entry.source.payload, null, 2);
  const hasPayload = Object.keys(entry.source.payload).length > 0;
  const turn = (other: EntryView | null): Turn | null =>
    other && { href: entryHref(url, other.id, place), sentence: sentenceOf(other, ctx) };
  const filterLink = (name: string, value: string) => url('/entries', { [name]: value, range: 'all' });
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
    changesErased: changesErasure
      ? {
          text: t('entry:erased_on', { date: showDate(changesErasure.at, ctx) }),
          href: url(`/entries/${changesErasure.seq}`),
        }
      : null,
    sections: [
      whoSection(entry, line, ctx),
      targetSection(entry, line, ctx),
      requestSection(entry, line, ctx),
      sourceSection(entry, ctx),
    ],
    integrity: integrityPart(entry, more, ctx),
    payload: hasPayload ? revealText(payload) : '',
    payloadCopy: hasPayload ? payload : '',
    payloadNote: isErased('source.payload') ? t('entry:payload_erased') : hasPayload ? '' : t('entry:no_payload'),
    related: relatedParts(more.related, entry.seq, ctx),
    ways: waysOn(entry, ctx),
    previous: turn(neighbours.previous),
    next: turn(neighbours.next),
    listHref: url(place?.path ?? '/entries', place?.query ?? {}),
    listLabel: t(place?.path === '/timeline' ? 'entry:back_to_timeline' : 'entry:back'),
    ownHref: entryHref(url, entry.id, null),
    printNote: t('common:printed', { time: formatUtc(ctx.now.toISOString()) }),
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
                : linkTo(
                    (name, value) => ctx.url('/entries', { [name]: value, range: 'all' }),
                    'actor_name',
                    actor.name,
                  ),
          }
        : null,
      {
        label: t('entry:fact.account'),
        text: accountText('terms:actor_type.', actor, ctx),
        href: line.actor.href,
        timelineHref: actor.id === null ? null : timelineHref(ctx.url, 'actor', referenceOf(actor)),
      },
      actor.role === null ? null : { label: t('entry:fact.role'), text: revealText(actor.role) },
      actor.acting_as === null
        ? null
        : {
            label: t('entry:fact.acting_as'),
            text: actingAsText(actor.acting_as, ctx),
            href: linkTo((_, value) => ctx.url('/entries', { target: value, range: 'all' }), 'target', actor.acting_as),
            timelineHref: timelineHref(ctx.url, 'target', actor.acting_as),
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
      {
        label: t('entry:fact.record'),
        text: accountText('terms:target_type.', target, ctx),
        href: line.target.href,
        timelineHref: target.id === null ? null : timelineHref(url, 'target', referenceOf(target)),
      },
      entry.client === null
        ? null
        : {
            label: t('entry:fact.client'),
            text: revealText(entry.client),
            href: linkTo((name, value) => url('/entries', { [name]: value, range: 'all' }), 'client', entry.client),
            timelineHref: timelineHref(url, 'client', entry.client),
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
  return {
    title: t('entry:section.request'),
    facts: facts([
      {
        label: t('entry:fact.occurred'),
        text: showTime(entry.occurred_at, ctx).local,
        remark: formatUtc(entry.occurred_at),
      },
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
            href: url('/entries', { via: entry.via, range: 'all' }),
          },
      source.script === null ? null : { label: t('entry:fact.script'), text: revealText(source.script), kind: 'code' },
    ]),
  };
}

function sourceSection(entry: EntryView, ctx: PageContext): Section {
  const { t, url } = ctx;
  const { source } = entry;
  const received = showTime(entry.received_at, ctx);
  return {
    title: t('entry:section.source'),
    facts: facts([
      { label: t('entry:fact.received'), text: received.local, remark: received.utc },
      source.skew_ms === null || Math.abs(source.skew_ms) < 1000
        ? null
        : { label: t('entry:fact.skew'), text: delayText(source.skew_ms, ctx) },
      { label: t('entry:fact.source_kind'), text: translateCode(ctx, 'terms:source_kind.', source.kind) },
      source.hook === null
        ? null
        : {
            label: t('entry:fact.hook'),
            text: revealText(source.hook),
            kind: 'code',
            href: linkTo((name, value) => url('/entries', { [name]: value, range: 'all' }), 'hook', source.hook),
          },
      source.bridge === null ? null : { label: t('entry:fact.bridge'), text: revealText(source.bridge), kind: 'code' },
      source.seq === null ? null : { label: t('entry:fact.bridge_seq'), text: revealText(source.seq), kind: 'code' },
      {
        label: t('entry:fact.event_id'),
        text: `${revealText(source.event_id)}${source.part > 0 ? ` / ${source.part}` : ''}`,
        kind: 'copy',
        copy: source.event_id,
      },
    ]),
  };
}

function integrityPart(entry: EntryView, { cover, mayVerify }: EntrySurroundings, ctx: PageContext): IntegrityPart {
  const { t, url } = ctx;
  const { integrity } = entry;
  const own = `/entries/${encodeURIComponent(entry.id)}`;
  return {
    cover: cover
      ? t('entry:covered_since', {
          count: cover.size,
          time: showTime(cover.signedAt, ctx).local,
        })
      : t('entry:check.not_covered'),
    isCovered: cover !== null,
    coverHref: url('/verify'),
    verifyAction: mayVerify ? url(`${own}/verify`) : null,
    proofHref: mayVerify ? url(`${own}/proof`) : null,
    facts: facts([
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
    ]),
  };
}

/** Late delivery and clocks that differ look the same from here; only a negative delay proves the clocks. */
function delayText(ms: number, ctx: PageContext): string {
  return ctx.t(ms < 0 ? 'entry:skew_negative' : 'entry:skew', { duration: formatDuration(Math.abs(ms), ctx) });
}

/** Where to go from here: timelines, filters that no group of related entries gives, and bundles. */
function waysOn(entry: EntryView, ctx: PageContext): { label: string; href: string }[] {
  const { t, url } = ctx;
  const filter = (name: string, value: string) => url('/entries', { [name]: value, range: 'all' });
  const found: (readonly [key: string, href: string | null])[] = [
    ['target_timeline', entry.target.id === null ? null : timelineHref(url, 'target', referenceOf(entry.target))],
    ['client_timeline', timelineHref(url, 'client', entry.client)],
    ['actor_timeline', entry.actor.id === null ? null : timelineHref(url, 'actor', referenceOf(entry.actor))],
    ['ip', entry.ip === null ? null : linkTo(filter, 'ip', entry.ip)],
    ['bundle', url('/export.zip', { entries: entry.seq })],
    ['target_bundle', entry.target.id === null ? null : url('/export.zip', { target: referenceOf(entry.target) })],
  ];
  return found.flatMap(([key, href]) => (href === null ? [] : [{ label: t(`entry:way.${key}`), href }]));
}

function facts(list: readonly ((Partial<Fact> & Pick<Fact, 'label' | 'text'>) | null)[]): Fact[] {
  return list.flatMap((fact) =>
    fact === null ? [] : [{ href: null, kind: 'text', copy: '', remark: '', timelineHref: null, ...fact }],
  );
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
