import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { PROGRAM_ROOT } from '../../root';

/** A document that is shipped with the program, in English. */
export interface ShippedDocument {
  /** Its address: `/help/operating`. */
  readonly slug: string;
  /** Its place below the program's folder. */
  readonly file: string;
}

/** In the order in which they are worth reading. */
export const DOCUMENTS: readonly ShippedDocument[] = [
  { slug: 'readme', file: 'README.md' },
  { slug: 'operating', file: 'docs/operating.md' },
  { slug: 'capture', file: 'docs/capture.md' },
  { slug: 'threat-model', file: 'docs/threat-model.md' },
  { slug: 'format', file: 'docs/format.md' },
  { slug: 'schema', file: 'docs/schema.md' },
  { slug: 'bench', file: 'docs/bench.md' },
];

export const CHANGELOG: ShippedDocument = { slug: 'changelog', file: 'CHANGELOG.md' };

/** Undefined where the installation does not have the file. */
export async function readDocument({ file }: ShippedDocument): Promise<string | undefined> {
  try {
    return await readFile(path.join(PROGRAM_ROOT, file), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
