import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { OwnEvents } from '../capture/own-events-service';
import { createServerRuns } from './server-runs';

let dataDir: string;
let recorded: { readonly action: string; readonly payload?: unknown; readonly changes?: unknown }[];
const errors: unknown[] = [];

function aRun(parts: { readonly version?: string; readonly port?: number; readonly ownEvents?: OwnEvents } = {}) {
  const ownEvents: OwnEvents = {
    record: (_tenant, event) => Promise.resolve(void recorded.push(event)),
  };
  return createServerRuns({
    ownEvents,
    dataDir,
    port: 8787,
    tenant: 'default',
    version: '1.0.0',
    now: () => new Date('2026-11-21T01:02:03.456Z'),
    onError: (error) => errors.push(error),
    ...parts,
  });
}

beforeEach(() => {
  dataDir = mkdtempSync(path.join(tmpdir(), 'sealtrail-runs-'));
  recorded = [];
  errors.length = 0;
});
afterEach(() => rmSync(dataDir, { recursive: true }));

describe('the runs of a server', () => {
  it('are recorded when they begin and end', async () => {
    const run = aRun();
    await run.started();
    await run.stopped();
    expect(recorded.map((event) => event.action)).toEqual(['audit.server_started', 'audit.server_stopped']);
    expect(recorded[0]?.payload).toMatchObject({ version: '1.0.0', run_before: null, run_before_ended: null });
    await aRun().started();
    expect(recorded[2]?.payload).toMatchObject({ run_before_ended: true });
  });

  it('tell that the one before was killed', async () => {
    await aRun().started();
    await aRun().started();
    expect(recorded[1]?.payload).toMatchObject({ run_before: expect.stringMatching(/^[0-9a-f-]{36}$/), run_before_ended: false }); // prettier-ignore
  });

  it('tell that the program is another version', async () => {
    await aRun().started();
    await aRun({ version: '1.1.0' }).started();
    expect(recorded.at(-1)).toMatchObject({
      action: 'audit.upgraded',
      changes: [{ field: 'version', before: '1.0.0', after: '1.1.0' }],
    });
  });

  it('do not mix where two servers share a data folder', async () => {
    await aRun({ port: 1 }).started();
    await aRun({ port: 2 }).started();
    expect(recorded[1]?.payload).toMatchObject({ run_before: null });
    expect(readdirSync(dataDir).sort()).toEqual(['run-1.json', 'run-2.json']);
  });

  it('begin anew after a note that cannot be read', async () => {
    writeFileSync(path.join(dataDir, 'run-8787.json'), '{"run":');
    await aRun().started();
    expect(recorded[0]?.payload).toMatchObject({ run_before: null });
    expect(JSON.parse(readFileSync(path.join(dataDir, 'run-8787.json'), 'utf8'))).toMatchObject({ ended: false });
  });

  it('do not keep the server from running when they cannot be recorded', async () => {
    const away = new Error('the database is away');
    const run = aRun({ ownEvents: { record: () => Promise.reject(away) } });
    await run.started();
    await run.stopped();
    expect(errors).toEqual([away, away]);
  });
});
