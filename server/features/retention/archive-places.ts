import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { Ledger } from '../../entries/entry-store';
import { copyArchive } from './archive-file';

/** Where archives lie: the data folder, and a second folder if one is set. Names are paths below both. */
export interface ArchivePlaces {
  nameFor(ledger: Ledger, prune: { readonly id: string; readonly fromSeq: number; readonly toSeq: number }): string;
  pathOf(name: string): string;
  /** Undefined where no second folder is set. */
  copyOf(name: string): string | undefined;
  /** Puts the second copy beside, durable; nothing where no second folder is set. */
  copy(name: string): Promise<void>;
  /** Whatever there is of an archive, whole or partial. */
  remove(name: string): Promise<void>;
}

export function createArchivePlaces(dataDir: string, copyDir: string | undefined): ArchivePlaces {
  const pathOf = (name: string) => path.join(dataDir, 'archives', name);
  const copyOf = (name: string) => (copyDir === undefined ? undefined : path.join(copyDir, name));
  return {
    // The id keeps one that is written anew apart from one that was given up.
    nameFor: (ledger, { id, fromSeq, toSeq }) =>
      path.posix.join(encodeURIComponent(ledger.name), `${fromSeq}-${toSeq}-${id.slice(-12)}.archive`),
    pathOf,
    copyOf,
    async copy(name) {
      const to = copyOf(name);
      if (to !== undefined) await copyArchive(pathOf(name), to);
    },
    async remove(name) {
      const copy = copyOf(name);
      for (const file of [pathOf(name), ...(copy === undefined ? [] : [copy])])
        for (const ending of ['', '.part', '.certificate']) await rm(`${file}${ending}`, { force: true });
    },
  };
}
