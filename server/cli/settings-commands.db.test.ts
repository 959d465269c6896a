import { runCommand } from '../testing/run-command';
import { createTestStore, type TestStore } from '../testing/test-app';
import { ENGINES } from '../testing/test-database';

describe.each(ENGINES)('settings on the command line on %s', (engine) => {
  let test: TestStore;
  const run = (...argv: string[]) => runCommand(test.env, ['settings', ...argv]);

  beforeAll(async () => {
    test = await createTestStore(engine);
  });
  afterAll(() => test.stop());

  async function valueOf(name: string): Promise<unknown> {
    const rows = JSON.parse((await run('list', '--json')).stdout) as { name: string; value: string }[];
    return rows.find((row) => row.name === name)?.value;
  }

  it('are set, and said to be set already', async () => {
    expect(await run('set', 'ip_mode', 'hashed')).toEqual({ code: 0, stdout: 'Set ip_mode.\n', stderr: '' });
    expect(await run('set', 'ip_mode', 'hashed')).toMatchObject({
      code: 0,
      stdout: 'ip_mode has this value already.\n',
    });
    expect(await valueOf('ip_mode')).toBe('hashed');
  });

  it.each([
    ['ip_mode', 'half', 'ip_mode: write one of full, hashed, none.'],
    ['record_reads', 'yes', 'record_reads: write one of on, off.'],
    ['smtp_security', 'ssl', 'smtp_security: write one of starttls, tls, none.'],
    ['language', 'tlh', 'language: write one of en, zh-CN, zh-TW.'],
    ['languages', 'en, tlh', 'languages: write one of en, zh-CN, zh-TW.'],
    ['languages', '', 'languages: write one of en, zh-CN, zh-TW.'],
    ['languages', 'zh-TW', 'language: The default must be one of the languages offered.'],
    ['smtp_port', '65536', 'smtp_port: Write a port from 1 to 65535.'],
    ['trusted_proxies', '0.0.0.0/0', 'trusted_proxies: A range of length 0 would trust everybody'],
  ])('refuse %s %j in the words of the pages, and change nothing', async (name, value, words) => {
    const before = await valueOf(name);
    expect(await run('set', name, value)).toEqual({ code: 2, stdout: '', stderr: expect.stringContaining(words) });
    expect(await valueOf(name)).toBe(before);
  });

  it('refuse a name that is none', async () => {
    expect(await run('set', 'nope', 'x')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('write one of organisation,'),
    });
  });
});
