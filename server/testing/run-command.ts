import { runCli } from '../cli/main';

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command of the command line in this process, in an environment of its own. One at a time. */
export async function runCommand(
  env: Readonly<Record<string, string>>,
  argv: readonly string[],
): Promise<CommandResult> {
  const before = { ...process.env };
  const { stdout, stderr } = process;
  const output = { stdout: '', stderr: '' };
  const restore = [catchWrites(stdout, (text) => (output.stdout += text)), catchWrites(stderr, (text) => (output.stderr += text))]; // prettier-ignore
  for (const key of Object.keys(process.env)) if (key.startsWith('SEALTRAIL_')) delete process.env[key];
  Object.assign(process.env, env);
  try {
    return { code: await runCli(argv), ...output };
  } finally {
    for (const undo of restore) undo();
    for (const key of Object.keys(env)) delete process.env[key];
    Object.assign(process.env, before);
  }
}

function catchWrites(stream: NodeJS.WriteStream, take: (text: string) => void): () => void {
  const original = stream.write.bind(stream);
  stream.write = (chunk: string | Uint8Array) => {
    take(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString());
    return true;
  };
  return () => {
    stream.write = original;
  };
}
