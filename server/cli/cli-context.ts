import type { Config } from '../config/config';

/** What every command gets: the settings, read once and only when the command needs them, and where to write. */
export interface CliContext {
  readonly config: () => Config;
  /** One JSON document with `--json`, else the lines. */
  readonly print: (json: unknown, lines: readonly string[]) => void;
  readonly warn: (line: string) => void;
  readonly setExitCode: (code: number) => void;
}
