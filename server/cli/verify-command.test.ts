import { runCommand } from '../testing/run-command';

describe('verify on the command line refuses', () => {
  it.each([
    [['--from', '9', '--to', '2'], 'from: 9 is larger than to: 2'],
    [['--new', '--from', '2'], 'what is new is verified as a whole: leave out from, to and actor'],
    [['--new', '--to', '2'], 'what is new is verified as a whole: leave out from, to and actor'],
    [['--new', '--actor', 'admin:7'], 'what is new is verified as a whole: leave out from, to and actor'],
  ])('%j, before it asks the database', async (flags, reason) => {
    const result = await runCommand({ SEALTRAIL_DATABASE_URL: 'mysql://nobody@127.0.0.1:1/none' }, [
      'verify',
      ...flags,
    ]);
    expect(result).toEqual({ code: 2, stdout: '', stderr: expect.stringContaining(reason) });
  });
});
