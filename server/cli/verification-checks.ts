import type { Deps } from '../deps';
import { isVerificationLate } from '../features/integrity/late-verification';

/** Whether the daily verification runs, and what the latest ones said: a line for each ledger, or a trouble. */
export async function lookAtVerifications({
  store,
  verifications,
  now,
}: Pick<Deps, 'store' | 'verifications' | 'now'>): Promise<{ readonly lines: string[]; readonly troubles: string[] }> {
  const lines: string[] = [];
  const troubles: string[] = [];
  for (const ledger of await store.listLedgers()) {
    const state = await verifications.findState(ledger);
    const since = new Date(state?.at ?? (await store.findBySeq(ledger, 1))?.receivedAt ?? now());
    const told = `${ledger.name}: ${state ? `${state.verdict}, ${since.toISOString()}` : 'not verified yet'}`;
    if (isVerificationLate(since, now())) troubles.push(`${told}: it should be verified every day`);
    else if (state?.verdict === 'broken') troubles.push(told);
    else lines.push(told);
  }
  return { lines, troubles };
}
