import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runCommand } from '../testing/run-command';

describe('a file that the command line cannot use', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'sealtrail-files-'));
  const file = path.join(folder, 'file');
  beforeAll(() => writeFileSync(file, 'text'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each([
    ['that is not there', () => path.join(folder, 'none'), 'there is no such file or folder'],
    ['that is a folder', () => folder, 'this is a folder'],
    ['below a file', () => path.join(file, 'x'), 'a part of this path is no folder'],
  ])('%s is named, in words', async (_name, where, words) => {
    const result = await runCommand({}, ['bundle', 'verify', where()]);
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toMatch(words);
    expect(result.stderr).not.toMatch(/E[A-Z]{4,}/);
  });
});
