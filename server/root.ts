import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** The folder with package.json, views, locales and public: the same from source and from dist. */
export const PROGRAM_ROOT = findRoot(__dirname);

/** package.json as it is. */
export const PROGRAM_MANIFEST = JSON.parse(readFileSync(path.join(PROGRAM_ROOT, 'package.json'), 'utf8')) as {
  readonly version: string;
};

/** The version of this program: `0.1.0`. */
export const PROGRAM_VERSION = PROGRAM_MANIFEST.version;

function findRoot(folder: string): string {
  if (existsSync(path.join(folder, 'package.json')) && existsSync(path.join(folder, 'views'))) return folder;
  const parent = path.dirname(folder);
  if (parent === folder) throw new Error('the program folder (with package.json and views) was not found');
  return findRoot(parent);
}
