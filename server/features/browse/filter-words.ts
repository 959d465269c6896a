import { OUTCOMES, SEVERITIES, CATEGORIES, VIAS } from '../../core/event';
import { formatDay, formatUtc, revealText, shorten, translateCode, type PageContext } from '../../http/page-context';
import { isDay } from './date-range';

/** Filters with few values: where their words stand, and the values. */
export const CHOICES: Partial<Record<string, readonly [list: string, codes: readonly string[]]>> = {
  category: ['terms:category.', CATEGORIES],
  severity: ['terms:severity.', SEVERITIES],
  outcome: ['terms:outcome.', OUTCOMES],
  via: ['terms:via.', VIAS],
  status: ['entry:status.', ['valid', 'broken']],
};

/** One value of a filter as a person reads it: "admin:7" is "Admin 7", "2026-11-21" is "Nov 21, 2026". */
export function valueText(name: string, value: string, ctx: PageContext): string {
  if (name === 'from' || name === 'to') return isDay(value) ? formatDay(value, ctx) : shorten(revealText(value), 40);
  if (name === 'after' || name === 'before') return momentText(value);
  const choice = CHOICES[name];
  if (choice) return shorten(revealText(translateCode(ctx, choice[0], value)), 60);
  if (name === 'action') return shorten(revealText(translateCode(ctx, 'actions:', value)), 60);
  if (name === 'actor' || name === 'target') return shorten(revealText(referenceText(name, value, ctx)), 60);
  return shorten(revealText(value), 60);
}

function referenceText(name: 'actor' | 'target', value: string, ctx: PageContext): string {
  const [type = '', ...id] = value.split(':');
  const label = translateCode(ctx, name === 'actor' ? 'terms:actor_type.' : 'terms:target_type.', type);
  return id.length === 0 ? label : `${label} ${id.join(':')}`;
}

function momentText(value: string): string {
  const at = Date.parse(value.length === 10 ? `${value}T00:00:00Z` : value);
  return Number.isNaN(at) ? revealText(value) : formatUtc(new Date(at).toISOString()).replace(/:00\.000 UTC$/, ' UTC');
}
