import { readFileSync } from 'node:fs';
import path from 'node:path';
import secretNames from './catalogue/secret-names.json';

const php = readFileSync(
  path.join(__dirname, '../../hooks-bridge/modules/addons/sealtrail/lib/SecretNames.php'),
  'utf8',
);

function listIn(source: string, constant: string): string[] {
  const body = new RegExp(`const ${constant} = \\[([^\\]]*)\\]`).exec(source)?.[1] ?? '';
  return [...body.matchAll(/'([^']+)'/g)].map((match) => match[1] ?? '');
}

describe('the names of secrets', () => {
  it.each([
    ['CONTAINS', secretNames.contains],
    ['ENDS_WITH', secretNames.ends_with],
    ['EXACT', secretNames.exact],
    ['HARMLESS', secretNames.harmless],
  ])('are the same in the bridge and here: %s', (constant, ours) => {
    const theirs = listIn(php, constant);
    expect(theirs.length).toBeGreaterThan(0);
    expect([...theirs].sort()).toEqual([...ours].sort());
  });
});
