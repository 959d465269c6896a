import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { ensureRequirements, findProgram, REQUIREMENTS } from './requirements';

describe('ensureRequirements', () => {
  it('says nothing and does nothing when everything is there', () => {
    const lines: string[] = [];
    ensureRequirements([{ what: 'a shell', packages: ['dash'], isThere: () => true }], (line) => lines.push(line));
    expect(lines).toEqual([]);
  });

  it('names every missing thing and its package to somebody who is not root', () => {
    const script = `
      process.getuid = () => 1000;
      const { ensureRequirements } = require(${JSON.stringify(path.join(__dirname, 'requirements'))});
      const lacking = (what) => ({ what, packages: [what + '-package'], isThere: () => false });
      try { ensureRequirements([lacking('one'), lacking('two')], console.log); } catch (error) { console.log(error.name, error.message); }`;
    const { stdout } = spawnSync(process.execPath, ['--import', 'tsx', '-e', script], {
      encoding: 'utf8',
      cwd: path.join(__dirname, '..', '..'),
    });
    expect(stdout).toContain('MissingRequirementError');
    expect(stdout).toContain('- one (package one-package)\n- two (package two-package)');
    expect(stdout).toContain('apt-get install one-package two-package');
  });

  it('knows a package for everything that the tests need', () => {
    expect(REQUIREMENTS.filter((one) => one.packages.length === 0 || one.what === '')).toEqual([]);
  });
});

describe('findProgram', () => {
  it('finds the first of some names, and nothing for a name that nobody has', () => {
    expect(findProgram('no-such-program-7f3a', 'sh')).toMatch(/\/sh$/);
    expect(findProgram('no-such-program-7f3a')).toBeUndefined();
  });
});
