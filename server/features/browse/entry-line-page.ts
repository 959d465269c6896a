import { findAction } from '../../core/action-catalogue';
import { OUTCOMES, SEVERITIES } from '../../core/event';
import {
  revealText,
  shorten,
  showTime,
  translateCode,
  type PageContext,
  type ShownTime,
} from '../../http/page-context';
import type { ChainStatus, EntryView } from './entry-view';
import { quoteTerm } from './filter-list';
import { entryHref, type ListPlace } from './list-place';

/** A value that leads to the entries which share it; without `href` there is nothing to filter by. */
interface LinkedValue {
  readonly text: string;
  readonly full: string;
  readonly href: string | null;
  /** Leads to the entries that do not share it; only in the audit log. */
  readonly excludeHref: string | null;
}

interface CodedValue extends LinkedValue {
  readonly code: string;
  /** Names icon and colour: the code, or `unknown` for one that is not ours (somebody wrote it into the database). */
  readonly mark: string;
}

/** One entry as a row of a table. */
export interface EntryLine {
  readonly href: string;
  readonly seq: number;
  readonly time: ShownTime;
  readonly sentence: string;
  readonly severity: CodedValue;
  readonly category: CodedValue;
  readonly action: CodedValue;
  /** Success is the rule and is not marked. */
  readonly outcome: CodedValue;
  readonly actor: LinkedValue;
  readonly target: LinkedValue;
  readonly ip: LinkedValue | null;
  readonly client: LinkedValue | null;
  readonly via: LinkedValue | null;
  readonly hook: LinkedValue | null;
  readonly hash: LinkedValue;
  readonly bridge: string;
  readonly reason: string;
  readonly status: string;
  readonly statusLabel: string;
  /** How the entry stands as it is read: `mark` names the icon. */
  readonly chain: { readonly code: ChainStatus; readonly mark: string; readonly label: string };
}

const CHAIN_MARKS = { valid: 'intact', broken: 'broken', unverifiable: 'cannot_tell' } as const;

/** Makes the address of the list with one more filter. */
export type FilterLink = (name: string, value: string) => string;

/** The list in which a row stands. */
interface Surroundings {
  /** Makes the address of the list without a value, where the list has such a thing. */
  readonly excludeLink?: FilterLink;
  /** For the way back. */
  readonly place?: ListPlace | null;
}

export function entryLine(
  entry: EntryView,
  ctx: PageContext,
  filterLink: FilterLink,
  { excludeLink, place = null }: Surroundings = {},
): EntryLine {
  const value = (name: string, code: string, text: string): LinkedValue => ({
    ...linked(text, linkTo(filterLink, name, code)),
    excludeHref: excludeLink ? linkTo(excludeLink, name, code) : null,
  });
  const optional = (name: string, code: string | null) => (code === null ? null : value(name, code, code));
  const coded = (name: string, list: string, code: string, known: readonly string[] = []): CodedValue => ({
    ...value(name, code, translateCode(ctx, list, code)),
    code: shorten(revealText(code), 60),
    mark: known.includes(code) ? code : 'unknown',
  });
  return {
    href: entryHref(ctx.url, entry.id, place),
    seq: entry.seq,
    time: showTime(entry.occurred_at, ctx),
    sentence: sentenceOf(entry, ctx),
    severity: coded('severity', 'terms:severity.', entry.severity, SEVERITIES),
    category: coded('category', 'terms:category.', entry.category),
    action: coded('action', 'actions:', entry.action),
    outcome: coded('outcome', 'terms:outcome.', entry.outcome, OUTCOMES),
    actor: value('actor', referenceOf(entry.actor), actorText(entry, ctx)),
    target: value('target', referenceOf(entry.target), targetText(entry, ctx)),
    ip: optional('ip', entry.ip),
    client: optional('client', entry.client),
    via: entry.via === null ? null : value('via', entry.via, translateCode(ctx, 'terms:via.', entry.via)),
    hook: optional('hook', entry.source.hook),
    hash: {
      ...linked(entry.integrity.hash, linkTo(filterLink, 'hash', entry.integrity.hash)),
      text: shorten(revealText(entry.integrity.hash), 13),
    },
    bridge: shorten(revealText(entry.source.bridge ?? ''), 40),
    reason: shorten(revealText(entry.reason ?? ''), 200),
    status: entry.integrity.status,
    statusLabel: ctx.t(`entry:status.${entry.integrity.status}`),
    chain: {
      code: entry.integrity.status,
      mark: CHAIN_MARKS[entry.integrity.status],
      label: ctx.t(`entry:status.${entry.integrity.status}`),
    },
  };
}

/** "jane.doe changed the nameservers of example.com", in the reader's language. */
export function sentenceOf(entry: EntryView, ctx: PageContext): string {
  const target = entry.target.label ?? idText(entry.target.id);
  const values = {
    label: revealText(translateCode(ctx, 'actions:', entry.action)),
    actor: shorten(revealText(actorText(entry, ctx)), 60),
    target: shorten(revealText(target ?? ''), 80),
  };
  const sentence = fillSentence(entry, values, ctx);
  const ending = entry.outcome === findAction(entry.action)?.outcome ? 'success' : entry.outcome;
  return ending === 'failure' || ending === 'denied' ? ctx.t(`entry:sentence_${ending}`, { sentence }) : sentence;
}

function fillSentence(
  { action, actor, source }: EntryView,
  values: Record<'label' | 'actor' | 'target', string>,
  ctx: PageContext,
): string {
  const { label, target } = values;
  // The label of an activity line is the whole line, a sentence of its own.
  if (source.kind === 'activity' && target !== '') return `${label}${ctx.t('common:unit_separator')}${target}`;
  // One action for all steps towards a purge: asked, confirmed, cancelled.
  const step = source.kind === 'own' && action === 'audit.purge_requested' ? source.payload['step'] : undefined;
  if (step === 'confirmed' || step === 'cancelled') return ctx.t(`danger:sentence.${step}`, values);
  const isWritten = findAction(action) !== undefined && translateCode(ctx, 'sentences:', action) !== action;
  const fill = (value: string) => ctx.t(`sentences:${action}`, { ...values, target: value });
  if (target !== '') return isWritten ? fill(target) : ctx.t('entry:sentence', values);
  // "jane signed in to the audit log" is whole without a target; "jane deleted invoice" is not.
  if (isWritten && fill('') === fill('-')) return fill('');
  // "by System" says nothing: what ran by itself and what nobody is known for is told by its label alone.
  const isNobody = actor.id === null && (actor.type === 'system' || actor.type === 'unknown');
  return isNobody ? label : ctx.t('entry:sentence_without_target', values);
}

export function actorText(entry: EntryView, ctx: PageContext): string {
  const { type, id, name } = entry.actor;
  const label = translateCode(ctx, 'terms:actor_type.', type);
  const isOnlyType = type === 'system' && name?.toLowerCase() === 'system';
  if (name !== null && name !== '' && !isOnlyType) return name;
  if (type === 'unknown' && id === null) return ctx.t('entry:somebody_unknown');
  return id === null ? label : `${label} ${idText(id)}`;
}

export function targetText(entry: EntryView, ctx: PageContext): string {
  const { type, id, label } = entry.target;
  if (label !== null && label !== '') return label;
  const typeLabel = translateCode(ctx, 'terms:target_type.', type);
  return id === null ? typeLabel : `${typeLabel} ${idText(id)}`;
}

/** "admin:7", as the filters want it. */
export function referenceOf({ type, id }: { readonly type: string; readonly id: string | null }): string {
  return id === null ? type : `${type}:${id}`;
}

/** The address of what shares a value; null where there is no value to filter by. */
export function linkTo(filterLink: FilterLink, name: string, value: string): string | null {
  return value.trim() === '' ? null : filterLink(name, quoteTerm(value));
}

function linked(text: string, href: string | null): LinkedValue {
  const full = revealText(text);
  return { text: shorten(full, 60), full: shorten(full, 300), href, excludeHref: null };
}

function idText(id: string | null): string | null {
  return id !== null && /^\d+$/.test(id) ? `#${id}` : id;
}
