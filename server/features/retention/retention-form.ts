import type { HoldScope } from '../../core/legal-hold';
import { MAX_REASON } from './hold-service';
import type { FormProblem } from './retention-page';
import { isRetentionDays, type RetentionDays } from './retention-service';

type Form = Readonly<Record<string, unknown>>;
type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: FormProblem };

const text = (form: Form, name: string): string => {
  const value = form[name];
  return typeof value === 'string' ? value.trim() : '';
};
const problem = (what: FormProblem) => ({ ok: false, problem: what }) as const;

/** The limit that a form sets. Whoever sets one must have said that it cannot be undone. */
export function parseLimit(form: Form): Parsed<RetentionDays> {
  const choice = text(form, 'choice');
  if (choice === 'unlimited') return { ok: true, value: null };
  const written = choice === 'own' ? text(form, 'days') : choice;
  if (!/^\d{1,4}$/.test(written) || !isRetentionDays(Number(written))) return problem('days');
  return form['understood'] === 'yes' ? { ok: true, value: Number(written) } : problem('understood');
}

/** Days are those of UTC; the last one is held too. */
export function parseHold(form: Form): Parsed<{ readonly scope: HoldScope; readonly reason: string }> {
  const [target, actor] = [text(form, 'target'), text(form, 'actor')];
  if (![target, actor].every((ref) => ref === '' || /^[a-z_]+:.+$/.test(ref))) return problem('scope');
  const [after, last] = [dayOf(text(form, 'from')), dayOf(text(form, 'to'))];
  if (Number.isNaN(after) || Number.isNaN(last)) return problem('time');
  const before = last === null ? null : last + 86_400_000;
  if (after !== null && before !== null && after >= before) return problem('time');
  const orNull = (value: string) => (value === '' ? null : value);
  const scope = { client: orNull(text(form, 'client')), target: orNull(target), actor: orNull(actor), after, before };
  if (Object.values(scope).every((part) => part === null)) return problem('scope');
  const reason = parseReason(form);
  return reason.ok ? { ok: true, value: { scope, reason: reason.value } } : reason;
}

export function parseReason(form: Form): Parsed<string> {
  const reason = text(form, 'reason');
  return reason === '' || reason.length > MAX_REASON ? problem('reason') : { ok: true, value: reason };
}

/** NaN for what is no day. */
function dayOf(value: string): number | null {
  if (value === '') return null;
  return /^\d{4}-\d\d-\d\d$/.test(value) ? Date.parse(`${value}T00:00:00.000Z`) : NaN;
}
