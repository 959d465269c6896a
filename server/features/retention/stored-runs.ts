import { parseCertificate } from '../../core/prune-certificate';
import type { PrunedRun } from '../../core/pruned-runs';
import { parseNote } from '../../core/signed-note';
import { isFinal, type Prune } from './prune-store';

/** The runs that the rows of `prunes` tell of. No signature is checked: for what is checked again by those who read it. */
export function openStoredRuns(prunes: readonly Prune[]): PrunedRun[] {
  return prunes.filter(isFinal).flatMap(({ certificate }) => {
    const text = certificate === null ? undefined : parseNote(certificate)?.text;
    return (text === undefined ? undefined : parseCertificate(text))?.runs ?? [];
  });
}
