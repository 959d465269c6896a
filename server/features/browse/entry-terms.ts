import type { JsonValue } from '../../core/canonical-json';
import { fieldToken, prefixesOf, tokenize, tokenNumber } from '../../core/search-tokens';
import type { EntryRow } from '../../entries/entry-row';
import { viewEntry } from './entry-view';

/** What the columns of an entry say: the filters on its fields. */
export interface EntryFields {
  readonly category: string;
  readonly severity: string;
  readonly action: string;
  readonly outcome: string;
  readonly actorType: string;
  readonly actorId: string | null;
  readonly targetType: string;
  readonly targetId: string | null;
  readonly clientId: string | null;
  readonly via: string | null;
  readonly hook: string | null;
}

const MAX_WORDS = 96;
const MAX_TEXT = 4_000;

/** Who, what, on what, what changed and what the hook reported: the words under which an entry is found. */
export function wordsOf(row: EntryRow): Set<string> {
  const view = viewEntry(row, { tenant: '', ledger: '' }, 'valid');
  const words = new Set<string>();
  if (view.ip !== null) words.add(fieldToken('ip', view.ip));
  if (view.actor.name !== null) for (const word of tokenize(view.actor.name)) words.add(fieldToken('name', word));
  const texts = [
    view.actor.name,
    view.actor.id,
    view.target.label,
    view.target.id,
    view.action.replace(/[._]/g, ' '),
    view.reason,
    ...view.changes.flatMap((change) => [change.field, ...textsIn(change.before), ...textsIn(change.after)]),
    ...textsIn(view.source.payload),
  ];
  for (const text of texts) {
    if (text === null || words.size >= MAX_WORDS) continue;
    for (const word of tokenize(text.slice(0, MAX_TEXT))) if (words.size < MAX_WORDS) words.add(word);
  }
  return words;
}

/** Keys of sets that a block has for every value that occurs in it: where there is none, no entry has it. */
export function completeKeys(fields: EntryFields): string[] {
  return [
    `category:${fields.category}`,
    `severity:${fields.severity}`,
    `action:${fields.action}`,
    `outcome:${fields.outcome}`,
    `actor:${fields.actorType}`,
    `target:${fields.targetType}`,
    ...(fields.via === null ? [] : [`via:${fields.via}`]),
    ...(fields.hook === null ? [] : [`hook:${fields.hook}`]),
  ];
}

/** Keys of sets that a block has only where many entries share them. */
export function sharedKeys(fields: EntryFields): string[] {
  return [
    ...(fields.actorId === null ? [] : [`actor:${fields.actorType}:${fields.actorId}`]),
    ...(fields.targetId === null ? [] : [`target:${fields.targetType}:${fields.targetId}`]),
    ...(fields.clientId === null ? [] : [`client:${fields.clientId}`]),
  ];
}

/** The key of the set of all words that begin so. */
export function prefixKey(prefix: string): string {
  return `${prefix}*`;
}

/** Numbers of the sets that words belong to: their own and those of their beginnings. */
export function wordTerms(words: Iterable<string>): Set<number> {
  const terms = new Set<number>();
  for (const word of words) {
    terms.add(tokenNumber(word));
    for (const prefix of prefixesOf(word)) terms.add(tokenNumber(prefixKey(prefix)));
  }
  return terms;
}

function textsIn(value: JsonValue): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value === 'number') return [String(value)];
  if (value === null || typeof value === 'boolean') return [];
  return Object.values<JsonValue>(value).flatMap(textsIn);
}
