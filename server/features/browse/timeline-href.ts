import type { UrlBuilder } from '../../http/url-builder';
import { isFilterValue } from './entry-line-page';

/** Whose timeline: everything about a thing, everything that touches a client, or everything that an account did. */
export const TIMELINE_SUBJECTS = ['target', 'client', 'actor'] as const;
export type TimelineSubject = (typeof TIMELINE_SUBJECTS)[number];

/**
 * The address of a timeline: `timelineHref(url, 'target', 'invoice:5')`, `(url, 'client', '12')`, `(url, 'actor', 'admin:7')`. Null
 * for what has no number or cannot be filtered by.
 */
export function timelineHref(url: UrlBuilder, subject: TimelineSubject, reference: string | null): string | null {
  if (reference === null || !isFilterValue(reference)) return null;
  if (subject !== 'client' && !/^[a-z_]+:./.test(reference)) return null;
  return url('/timeline', { [subject]: reference });
}
