import { existsSync } from 'node:fs';
import path from 'node:path';

/** The folder with package.json, views, locales and public: the same from source and from dist. */
export const PROGRAM_ROOT = findRoot(__dirname);

function findRoot(folder: string): string {
  if (existsSync(path.join(folder, 'package.json')) && existsSync(path.join(folder, 'views'))) return folder;
  const parent = path.dirname(folder);
  if (parent === folder) throw new Error('the program folder (with package.json and views) was not found');
  return findRoot(parent);
}
