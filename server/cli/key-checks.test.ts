import { readConfig } from '../config/config';
import { keyPlaceTrouble } from './key-checks';

const trouble = (env: Record<string, string>) => keyPlaceTrouble(readConfig(env));

describe('where the master key lies', () => {
  it.each([
    [{}],
    [{ SEALTRAIL_DATA_DIR: '/srv/trail' }],
    [{ SEALTRAIL_DATABASE_URL: 'sqlite:/srv/trail/a.db', SEALTRAIL_MASTER_KEY_FILE: '/srv/other/../trail/master.key' }],
  ])('is a trouble in the folder of the store: %j', (env) => {
    expect(trouble(env)).toContain('in the same folder as the store');
  });

  it.each([
    [{ SEALTRAIL_MASTER_KEY_FILE: '/etc/sealtrail/master.key' }],
    [{ SEALTRAIL_DATABASE_URL: 'sqlite:/srv/trail/a.db' }],
    [{ SEALTRAIL_DATABASE_URL: 'mysql://u:p@db/trail' }],
  ])('is none elsewhere: %j', (env) => {
    expect(trouble(env)).toBeUndefined();
  });
});
