import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** A golden vector (core/vectors/README.md). */
export interface Vector<Input, Result> {
  readonly name: string;
  readonly description: string;
  readonly input: Input;
  readonly result: Result;
}

const FOLDER = path.join(__dirname, '..', 'core', 'vectors');

export function readVectors<Input, Result>(kind: string): readonly Vector<Input, Result>[] {
  const folder = path.join(FOLDER, kind);
  return readdirSync(folder)
    .sort()
    .map((file) => ({
      name: path.basename(file, '.json'),
      ...(JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as Omit<Vector<Input, Result>, 'name'>),
    }));
}

/** Cases that others published (core/vectors/public), as they wrote them. */
export function readPublicVectors<Case>(name: string): readonly Case[] {
  const text = readFileSync(path.join(FOLDER, 'public', `${name}.json`), 'utf8');
  return (JSON.parse(text) as { readonly cases: readonly Case[] }).cases;
}
