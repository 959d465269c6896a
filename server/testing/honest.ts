import { startPrivateMariadb } from './private-mariadb';
import { runHonestly } from './honest-run';

/** `npm run honest [operations] [sqlite|mariadb] [seed]`: a million honest operations by default, which must raise no alarm. */
async function main(): Promise<void> {
  const [operations = '1000000', engine = 'sqlite', seed = '1'] = process.argv.slice(2);
  if (engine !== 'sqlite' && engine !== 'mariadb') throw new Error('the engine is sqlite or mariadb');
  const isServerMissing = engine === 'mariadb' && process.env['SEALTRAIL_TEST_MYSQL_URL'] === undefined;
  const mariadb = isServerMissing ? await startPrivateMariadb() : undefined;
  if (mariadb) process.env['SEALTRAIL_TEST_MYSQL_URL'] = mariadb.url;
  try {
    const onProgress = (line: string) => void process.stdout.write(`${line}\n`);
    const { counts, pruned, alarms } = await runHonestly({ engine, operations: Number(operations), seed: Number(seed), maxBatch: 500, onProgress }); // prettier-ignore
    process.stdout.write(
      `${JSON.stringify({ ...counts, pruned })}\n${alarms.map((alarm) => `ALARM ${alarm}\n`).join('')}`,
    );
    process.stdout.write(`${engine}: ${alarms.length} false alarms\n`);
    if (alarms.length > 0) process.exitCode = 1;
  } finally {
    await mariadb?.stop();
  }
}

void main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 2;
});
