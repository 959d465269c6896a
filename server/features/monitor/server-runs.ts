import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import type { OwnEvents } from '../capture/own-events-service';

/** Records when the server began and ended, so that a time in which nobody took events shows in the trail itself. */
export interface ServerRuns {
  /** Also says whether the run before it ended by itself, and whether the program is another version. Never rejects. */
  started(): Promise<void>;
  /** Never rejects. */
  stopped(): Promise<void>;
}

interface ServerRunsDeps {
  readonly ownEvents: OwnEvents;
  /** `run-<port>.json` lies here; a run that did not end by itself has not written that it ended. */
  readonly dataDir: string;
  readonly port: number;
  readonly tenant: string;
  readonly version: string;
  readonly now: () => Date;
  /** The trail cannot be written now, or the note in the data folder: the server runs all the same. */
  readonly onError: (error: unknown) => void;
}

const note = z.object({ run: z.string(), version: z.string(), started_at: z.string(), ended: z.boolean() });
type RunNote = z.infer<typeof note>;

export function createServerRuns({
  ownEvents,
  dataDir,
  port,
  tenant,
  version,
  now,
  onError,
}: ServerRunsDeps): ServerRuns {
  const file = path.join(dataDir, `run-${port}.json`);
  const ours: RunNote = { run: uuidv7(), version, started_at: now().toISOString(), ended: false };
  const targetId = hostname();
  const unlessItFails = (work: () => Promise<void>) => work().catch(onError);

  function write(runNote: RunNote): void {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    writeFileSync(file, `${JSON.stringify(runNote)}\n`, { mode: 0o600 });
  }

  return {
    started: () =>
      unlessItFails(async () => {
        const before = readNote(file);
        write(ours);
        const payload = { run: ours.run, version, run_before: before?.run ?? null, run_before_ended: before?.ended ?? null }; // prettier-ignore
        await ownEvents.record(tenant, { action: 'audit.server_started', targetId, payload });
        if (before && before.version !== version) {
          const changes = [{ field: 'version', before: before.version, after: version }];
          await ownEvents.record(tenant, { action: 'audit.upgraded', targetId, changes });
        }
      }),
    stopped: () =>
      unlessItFails(async () => {
        await ownEvents.record(tenant, { action: 'audit.server_stopped', targetId, payload: { run: ours.run } });
        write({ ...ours, ended: true });
      }),
  };
}

function readNote(file: string): RunNote | undefined {
  try {
    return note.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    // What cannot be read tells nothing about the run before; it is written anew.
    rmSync(file, { force: true });
    return undefined;
  }
}
