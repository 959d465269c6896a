import { CATEGORIES } from '../../core/event';
import type { UrlBuilder } from '../../http/url-builder';
import type { RawFilter } from './entry-filter';
import { isFilterValue } from './filter-value';

/** Whose timeline: everything about a thing, everything that touches a client, or everything that an account did. */
export const TIMELINE_KINDS = ['target', 'client', 'actor'] as const;
export type TimelineKind = (typeof TIMELINE_KINDS)[number];

/** `{ kind: 'target', reference: 'invoice:5' }`, `{ kind: 'client', reference: '12' }`, `{ kind: 'actor', reference: 'admin:7' }`. */
export interface TimelineSubject {
  readonly kind: TimelineKind;
  readonly reference: string;
}

/** The address of a timeline; null for what has no number or cannot be filtered by. */
export function timelineHref(url: UrlBuilder, kind: TimelineKind, reference: string | null): string | null {
  return reference !== null && isReference(kind, reference) ? url('/timeline', { [kind]: reference }) : null;
}

/** The subject that an address names; null where it names none, several, or one that cannot be. */
export function readSubject(query: Readonly<Record<string, unknown>>): TimelineSubject | null {
  const given = TIMELINE_KINDS.flatMap((kind) => {
    const value = query[kind];
    return value === undefined || value === ''
      ? []
      : [{ kind, reference: typeof value === 'string' ? value.trim() : '' }];
  });
  const [subject] = given;
  return subject && given.length === 1 && isReference(subject.kind, subject.reference) ? subject : null;
}

/** The entries of a timeline, as the log filters them. */
export function subjectFilter({ kind, reference }: TimelineSubject, category: unknown): RawFilter {
  const known = CATEGORIES.find((one) => one === category);
  return { [kind]: reference, ...(known === undefined ? {} : { category: known }) };
}

function isReference(kind: TimelineKind, reference: string): boolean {
  if (!isFilterValue(reference) || reference.length > 191) return false;
  return kind === 'client' || /^[a-z_]+:./.test(reference);
}
