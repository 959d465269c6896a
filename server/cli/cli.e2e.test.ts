import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import { aHookItem } from '../testing/builders';
import { runProgram, serveProgram, type ProgramResult } from '../testing/built-server';
import { startMailBox } from '../testing/mail-box';
import { runCommand } from '../testing/run-command';
import { signatureOf, type BridgeCredentials } from '../testing/sender';
import { createTestStore } from '../testing/test-app';
import { createTestDatabase, ENGINES } from '../testing/test-database';

let folder: string;
const env: Record<string, string> = { SEALTRAIL_PORT: '0', SEALTRAIL_LOG_LEVEL: 'error' };

const sealtrail = (...argv: string[]) => runProgram(argv, { env, cwd: folder });

/** Exit 0, exactly one JSON document on stdout, and that document. */
async function json<T = Record<string, unknown>>(...argv: string[]): Promise<T> {
  const result = await sealtrail(...argv, '--json');
  expect([argv, result.code, result.stderr]).toEqual([argv, 0, '']);
  return oneDocument<T>(result);
}

function oneDocument<T>({ stdout }: ProgramResult): T {
  expect(stdout.trim().split('\n')).toHaveLength(1);
  return JSON.parse(stdout) as T;
}

/** What a pairing code holds. */
function codeOf(made: { readonly code: string }): unknown {
  expect(made.code).toMatch(/^stp1\.[\w-]+$/);
  return JSON.parse(Buffer.from(made.code.slice('stp1.'.length), 'base64url').toString('utf8'));
}

function expectOneLine(result: ProgramResult, code: number, says: string | RegExp): void {
  expect([result.code, result.stdout]).toEqual([code, '']);
  expect(result.stderr.trim().split('\n')).toHaveLength(1);
  expect(result.stderr).toMatch(says);
  expect(result.stderr).not.toMatch(/\n\s+at |Error:/);
}

const actionsOf = async () =>
  (JSON.parse((await sealtrail('export', '--format', 'json')).stdout) as { action: string }[]).map(
    (entry) => entry.action,
  );

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'sealtrail-cli-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const COMMANDS = ['serve', 'demo', 'migrate', 'init', 'doctor', 'bridge', 'bridge add', 'bridge list', 'bridge rotate', 'bridge revoke', 'login-link', 'token', 'token create', 'token list', 'token revoke', 'verify', 'export', 'replay', 'bundle', 'bundle verify', 'keys', 'keys list', 'keys rotate', 'keys retire', 'keys recovery-sheet', 'config', 'retention', 'retention show', 'retention set', 'prune', 'hold', 'hold place', 'hold release', 'hold list', 'hold restore', 'archive', 'archive list', 'archive verify', 'archive read']; // prettier-ignore

describe('the command line in an empty folder', () => {
  it.each(COMMANDS)('explains %s with --help', async (command) => {
    const result = await sealtrail(...command.split(' '), '--help');
    expect([result.code, result.stderr]).toEqual([0, '']);
    expect(result.stdout).toMatch(new RegExp(`^Usage: sealtrail ${command}`));
    expect(existsSync(path.join(folder, 'data'))).toBe(false);
  });

  it('lists every command', async () => {
    const { code, stdout } = await sealtrail('--help');
    expect(code).toBe(0);
    for (const command of COMMANDS.filter((one) => !one.includes(' '))) expect(stdout).toContain(`  ${command}`);
  });

  it.each<[string[], RegExp]>([
    [['nothing'], /unknown command 'nothing'/],
    [['verify', '--nothing'], /unknown option '--nothing'/],
    [['verify', '--from', '0'], /sequence number/],
    [['verify', '--from', 'abc'], /sequence number/],
    [['verify', '--from', '1e3'], /sequence number/],
    [['verify', '--actor', '7'], /TYPE:ID/],
    [['verify', '--status', 'fine'], /broken/],
    [['verify', 'extra'], /too many arguments/],
    [['bridge', 'add'], /--name/],
    [['bridge', 'add', '--name', ' '], /1 to 191/],
    [['bridge', 'add', '--name', 'x', '--tenant', 'Not A Slug'], /lower-case/],
    [['bridge', 'add', '--name', 'x', '--url', 'ftp://x'], /http/],
    [['bridge', 'revoke'], /id/],
    [['bridge', 'rotate'], /id/],
    [['token', 'create', '--name', 'x'], /--scope/],
    [['token', 'create', '--name', 'x', '--scope', 'root'], /read, export, verify, write, admin/],
    [['token', 'create', '--name', 'x', '--scope', ''], /read, export/],
    [['export'], /--format/],
    [['export', '--format', 'xlsx'], /csv/],
    [['export', '--format', 'csv', '--days', '0'], /days/],
    [['export', '--format', 'csv', '--sort', 'random'], /-seq/],
    [['replay'], /file/],
  ])('refuses %j with one clear line and exit 2', async (argv, says) => {
    expectOneLine(await sealtrail(...argv), 2, says);
    expectOneLine(await sealtrail(...argv, '--json'), 2, says);
  });

  it('shows what there is when no command is given, and exits 2', async () => {
    const { code, stderr } = await sealtrail();
    expect(code).toBe(2);
    expect(stderr).toContain('Usage: sealtrail');
  });

  it('names every problem of the settings', async () => {
    const bad = {
      ...env,
      SEALTRAIL_PORT: 'http',
      SEALTRAIL_DATABASE_URL: 'postgres://x',
      SEALTRAIL_TRUSTED_PROXIES: 'nowhere',
    };
    const { code, stdout, stderr } = await runProgram(['verify', '--json'], { env: bad, cwd: folder });
    expect([code, stdout]).toEqual([2, '']);
    for (const key of ['SEALTRAIL_PORT', 'SEALTRAIL_DATABASE_URL', 'SEALTRAIL_TRUSTED_PROXIES'])
      expect(stderr).toContain(key);
  });

  it.each([['verify'], ['bridge', 'list'], ['login-link'], ['token', 'list'], ['export', '--format', 'csv']])('says what to do before there is a store: %s %s', async (...argv) => {
    expectOneLine(await runProgram([...argv.filter((one) => typeof one === 'string')], { env: { ...env, SEALTRAIL_DATA_DIR: path.join(folder, `none-${uuidv7()}`) }, cwd: folder }), 2, /sealtrail (migrate|init)/);
  }); // prettier-ignore

  describe('from the first command on', () => {
    it('init makes key, schema and ledger, once', async () => {
      const first = await json<{
        created: boolean;
        ledger: string;
        head: { seq: number; hash: string };
        master_key: string;
      }>('init');
      expect(first).toMatchObject({
        created: true,
        ledger: 'default',
        head: { seq: 1, hash: expect.stringMatching(/^[0-9a-f]{64}$/) },
      });
      const key = path.join(folder, 'data', 'master.key');
      expect([statSync(key).mode & 0o777, statSync(path.dirname(key)).mode & 0o777]).toEqual([0o600, 0o700]);
      const before = readFileSync(key, 'utf8');
      expect(await json('init')).toEqual({ ...first, created: false });
      expect(readFileSync(key, 'utf8')).toBe(before);
    });

    it('migrate has nothing to do then', async () => {
      expect(await json('migrate')).toEqual({ migrated: [] });
      expect((await sealtrail('migrate')).stdout).toBe('The schema is up to date.\n');
    });

    it('config shows settings and hides secrets', async () => {
      const secret = {
        ...env,
        SEALTRAIL_DATABASE_URL: 'mysql://me:hunter2@db:3306/x',
        SEALTRAIL_SMTP_URL: 'smtp://me:hunter2@mail:25',
      };
      const { code, stdout } = await runProgram(['config', '--json'], { env: secret, cwd: folder });
      expect([code, stdout.includes('hunter2')]).toEqual([0, false]);
      expect(JSON.parse(stdout)).toMatchObject({ SEALTRAIL_DATABASE_URL: 'mysql://me:***@db:3306/x' });
    });

    it('bridge add, list and revoke', async () => {
      const made = await json<{ id: string; secret: string; code: string }>('bridge', 'add', '--name', '计费 billing');
      expect(Object.keys(made)).toEqual(['id', 'secret', 'code']);
      expect(codeOf(made)).toEqual({ u: expect.stringMatching(/^http:\/\/127\.0\.0\.1:/), i: made.id, s: made.secret });
      expect(Buffer.from(made.secret.replace('whsec_', ''), 'base64')).toHaveLength(32);
      const listed = await json<{ id: string; name: string; revoked_at: string | null }[]>('bridge', 'list');
      expect(listed).toMatchObject([{ id: made.id, name: '计费 billing', revoked_at: null, last_seen_at: null }]);
      expect(JSON.stringify(listed)).not.toContain(made.secret.slice(6));
      expect((await sealtrail('bridge', 'list')).stdout).toContain(made.id);
      expect(await json('bridge', 'revoke', made.id)).toEqual({ id: made.id, revoked: true });
      expectOneLine(await sealtrail('bridge', 'revoke', made.id, '--json'), 2, /no active bridge/);
      expect((await json<{ revoked_at: string | null }[]>('bridge', 'list'))[0]?.revoked_at).toMatch(/^\d{4}-/);
      // The secret stands nowhere in the store.
      expect(readFileSync(path.join(folder, 'data', 'sealtrail.db')).includes(made.secret.slice(6))).toBe(false);
    });

    it('bridge rotate gives a second secret, with a code for the address that is named', async () => {
      const first = await json<{ id: string; secret: string }>('bridge', 'add', '--name', 'turns');
      const second = await json<{ id: string; secret: string; code: string; older_secret_ends_at: string }>('bridge', 'rotate', first.id, '--url', 'https://audit.example.org/'); // prettier-ignore
      expect(Object.keys(second)).toEqual(['id', 'secret', 'code', 'older_secret_ends_at']);
      expect(second.secret).not.toBe(first.secret);
      expect(codeOf(second)).toEqual({ u: 'https://audit.example.org', i: first.id, s: second.secret });
      const days = (Date.parse(second.older_secret_ends_at) - Date.now()) / 86_400_000;
      expect(Math.round(days)).toBe(7);
      expect(await json('bridge', 'revoke', first.id)).toMatchObject({ revoked: true });
      expectOneLine(await sealtrail('bridge', 'rotate', first.id), 2, /no active bridge/);
    });

    it('token create, list and revoke', async () => {
      const made = await json<{ id: string; token: string }>(
        'token',
        'create',
        '--name',
        'siem',
        '--scope',
        'read,export,read',
        '--scope',
        'verify',
      );
      expect(Object.keys(made)).toEqual(['id', 'token']);
      expect(await json('token', 'list')).toMatchObject([
        { id: made.id, name: 'siem', scopes: ['read', 'export', 'verify'], revoked_at: null },
      ]);
      expect((await sealtrail('token', 'list')).stdout).not.toContain(made.token);
      expect(await json('token', 'revoke', made.id)).toEqual({ id: made.id, revoked: true });
      expectOneLine(await sealtrail('token', 'revoke', made.id), 2, /no active token/);
    });

    it('login-link knows the built-in roles and those of your own, and no other', async () => {
      await json('role', 'add', '--name', 'Helpdesk', '--rights', 'entries.read');
      expect(await json('login-link', '--role', 'Helpdesk', '--name', 'hana')).toMatchObject({
        url: expect.any(String) as string,
      });
      expectOneLine(await sealtrail('login-link', '--role', 'god'), 2, /super_admin/);
    });

    it('export writes to stdout and to a file, as the filter says', async () => {
      const csv = await sealtrail('export', '--format', 'csv', '--action', 'audit.token_*');
      expect([csv.code, csv.stderr]).toEqual([0, '']);
      expect(csv.stdout.split('\r\n').slice(1, -1)).toHaveLength(2);
      expect(csv.stdout.startsWith('\ufeffseq,id,')).toBe(true);
      const file = path.join(folder, 'out.json');
      expect(
        await json(
          'export',
          '--format',
          'json',
          '--output',
          file,
          '--action',
          'audit.token_created',
          '--actor-name',
          'Sealtrail',
          '--days',
          '2',
        ),
      ).toEqual({ output: file });
      expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject([{ action: 'audit.token_created' }]);
      expect(statSync(file).mode & 0o777).toBe(0o600);
      expect((await sealtrail('export', '--format', 'ndjson', '--before', '2001-01-01')).stdout).toBe('');
      expectOneLine(await sealtrail('export', '--format', 'csv', '--after', 'never'), 2, /after/);
      expectOneLine(await sealtrail('export', '--format', 'csv', '--ledger', 'nowhere'), 2, /nowhere/);
    });

    it('export leaves no half-written file where it cannot write', async () => {
      const before = readdirSync(folder);
      expectOneLine(
        await sealtrail('export', '--format', 'csv', '--output', path.join(folder, 'no', 'such', 'folder.csv')),
        2,
        /folder\.csv/,
      );
      mkdirSync(path.join(folder, 'a-folder'));
      expectOneLine(
        await sealtrail('export', '--format', 'csv', '--output', path.join(folder, 'a-folder')),
        2,
        /a-folder/,
      );
      expect(readdirSync(folder).sort()).toEqual([...before, 'a-folder'].sort());
    });

    it('verify says intact with numbers, for people and for programs', async () => {
      const report = await json<{
        verdict: string;
        ledgers: {
          ledger: string;
          size: number;
          scanned: number;
          valid: number;
          unverifiable: number;
          head: unknown;
          broken: unknown[];
        }[];
      }>('verify');
      const size = report.ledgers[0]?.size ?? 0;
      expect(report).toMatchObject({
        verdict: 'intact',
        ledgers: [
          {
            ledger: 'default',
            verdict: 'intact',
            scanned: size,
            valid: size,
            unverifiable: 0,
            head: { seq: size, hash: expect.any(String) },
            broken: [],
          },
        ],
      });
      expect(size).toBeGreaterThan(5);
      expect((await sealtrail('verify')).stdout).toContain(`${size} entries`);
    });

    it('everything that was done to the trail is in the trail', async () => {
      expect(await actionsOf()).toEqual(
        expect.arrayContaining([
          'audit.chain_initialised',
          'audit.bridge_added',
          'audit.bridge_revoked',
          'audit.token_created',
          'audit.token_revoked',
          'audit.exported',
        ]),
      );
    });

    it('a token of another tenant is revoked in the ledger of that tenant', async () => {
      await json('bridge', 'add', '--name', 'theirs', '--tenant', 'elsewhere');
      const made = await json<{ id: string }>('token', 'create', '--name', 'theirs', '--scope', 'read', '--tenant', 'elsewhere'); // prettier-ignore
      await json('token', 'revoke', made.id);
      const revoked = async (ledger: string) =>
        (await sealtrail('export', '--format', 'ndjson', '--ledger', ledger, '--action', 'audit.token_revoked')).stdout;
      expect(await revoked('elsewhere')).toContain(made.id);
      expect(await revoked('default')).not.toContain(made.id);
    });
  });

  describe('doctor', () => {
    const checks = async (more: Record<string, string> = {}) => {
      const result = await runProgram(['doctor', '--json'], { env: { ...env, ...more }, cwd: folder });
      const report = oneDocument<{ ok: boolean; checks: { check: string; status: string; detail: string }[] }>(result);
      return { code: result.code, ok: report.ok, of: Object.fromEntries(report.checks.map((one) => [one.check, one])) };
    };

    it('finds a healthy store healthy, and says what is missing', async () => {
      const { code, ok, of } = await checks();
      expect([code, ok]).toEqual([0, true]);
      expect(Object.keys(of)).toEqual([
        'configuration',
        'disk',
        'master key',
        'key place',
        'engine',
        'schema',
        'mail',
        'key fits store',
        'durability',
        'guards',
        'chain keys',
        'clock',
        'bridges',
        'queue',
        'anchors',
        'checkpoints',
        'verification',
        'chain tail',
      ]);
      expect(of['bridges']).toMatchObject({ status: 'warn' });
      expect(of['key place']).toMatchObject({ status: 'warn', detail: expect.stringContaining('same folder') });
      expect(of['chain keys']).toMatchObject({ status: 'ok', detail: expect.stringContaining('default: epoch 1') });
      expect(of['verification']).toMatchObject({
        status: 'ok',
        detail: expect.stringMatching(/^default: (intact|not verified yet)/),
      });
      expect(of['chain tail']).toMatchObject({ status: 'ok', detail: expect.stringContaining('intact') });
      const lines = (await sealtrail('doctor')).stdout.trim().split('\n');
      expect(lines).toHaveLength(Object.keys(of).length);
    });

    it('finds a misspelt setting and a mail server that is away', async () => {
      const { code, of } = await checks({ SEALTRAIL_DATABSE_URL: 'x', SEALTRAIL_SMTP_URL: 'smtp://127.0.0.1:1' });
      expect(code).toBe(2);
      expect(of['configuration']).toMatchObject({
        status: 'warn',
        detail: expect.stringContaining('SEALTRAIL_DATABSE_URL'),
      });
      expect(of['mail']).toMatchObject({ status: 'fail' });
      expect(of['chain tail']).toMatchObject({ status: 'ok' });
    });

    it('finds a key that others can read, and one of another store', async () => {
      const key = path.join(folder, 'data', 'master.key');
      chmodSync(key, 0o644);
      const open = await checks();
      chmodSync(key, 0o600);
      expect([open.code, open.of['master key']]).toEqual([0, expect.objectContaining({ status: 'warn' })]);
      const other = path.join(folder, 'other.key');
      writeFileSync(other, Buffer.alloc(32, 9).toString('base64'), { mode: 0o600 });
      const wrong = await checks({ SEALTRAIL_MASTER_KEY_FILE: other });
      expect([wrong.code, wrong.of['key fits store']?.status]).toEqual([2, 'fail']);
      const none = await checks({ SEALTRAIL_MASTER_KEY_FILE: path.join(folder, 'none.key') });
      expect([none.code, none.of['master key']]).toEqual([
        2,
        expect.objectContaining({ status: 'fail', detail: expect.stringContaining('sealtrail init') }),
      ]);
    });
  });

  describe('a sign-in link', () => {
    it('opens the pages once', async () => {
      const server = await serveProgram({ env, cwd: folder });
      try {
        const made = await json<{ url: string }>('login-link', '--role', 'auditor', '--name', 'Ann');
        const link = `${server.url}${new URL(made.url).pathname}`;
        expect((await fetch(link)).status).toBe(200);
        const used = await useLink(link);
        expect([used.status, used.headers.get('location')]).toEqual([303, expect.stringMatching(/\/$/)]);
        const session = cookiesOf(used);
        const home = await fetch(`${server.url}/`, { headers: { cookie: session }, redirect: 'manual' });
        expect(home.status).toBe(200);
        // Used up.
        expect((await fetch(link)).status).toBe(403);
        expect(await actionsOf()).toEqual(expect.arrayContaining(['audit.login_link_created', 'audit.login']));
      } finally {
        await server.end('SIGTERM');
      }
    });

    it('goes by mail to a real SMTP server', async () => {
      const mailBox = await startMailBox();
      const mailEnv = {
        ...env,
        SEALTRAIL_SMTP_URL: mailBox.url,
        SEALTRAIL_MAIL_FROM: 'Sealtrail <audit@example.com>',
        SEALTRAIL_PUBLIC_URL: 'https://audit.example.com/',
      };
      try {
        const result = await runProgram(['login-link', '--mail', 'ann@example.com', '--json'], {
          env: mailEnv,
          cwd: folder,
        });
        expect([result.code, JSON.parse(result.stdout)]).toEqual([0, { mailed_to: 'ann@example.com' }]);
        const [mail = ''] = mailBox.mails;
        expect(mailBox.mails).toHaveLength(1);
        expect(mail).toMatch(/^To: ann@example\.com/m);
        expect(mail).toMatch(/^From: Sealtrail <audit@example\.com>/m);
        const body = mail.replace(/=\r?\n/g, '').replace(/=3D/g, '=');
        expect(body).toMatch(/https:\/\/audit\.example\.com\/sign-in\/[\w-]{43}\r?\n/);
        expect(result.stdout).not.toContain('sign-in');
      } finally {
        await mailBox.stop();
      }
      expectOneLine(
        await runProgram(['login-link', '--mail', 'ann@example.com', '--json'], { env: mailEnv, cwd: folder }),
        2,
        /./,
      );
    });
  });

  it('replay sends stored hook calls through the server, in each form of the file', async () => {
    const server = await serveProgram({ env, cwd: folder });
    try {
      const events = Array.from({ length: 3 }, () => aHookItem({ id: uuidv7() }));
      const file = (name: string, text: string) => (
        writeFileSync(path.join(folder, name), text),
        path.join(folder, name)
      );
      const replay = (name: string, ...more: string[]) =>
        json<Record<string, number>>('replay', name, '--url', server.url, ...more);
      expect(await replay(file('list.json', JSON.stringify(events)))).toEqual({
        sent: 3,
        accepted: 3,
        duplicates: 0,
        quarantined: 0,
      });
      expect(await replay(file('delivery.json', JSON.stringify({ events: [...events, { hook: 'x' }] })))).toEqual({
        sent: 4,
        accepted: 0,
        duplicates: 3,
        quarantined: 1,
      });
      expect(
        await replay(
          file(
            'lines.ndjson',
            `${events.map((one) => JSON.stringify(one)).join('\n')}\n${JSON.stringify(aHookItem({ id: uuidv7() }))}\n`,
          ),
        ),
      ).toMatchObject({ sent: 4, accepted: 1, duplicates: 3 });
      const bridge = await json<{ id: string; secret: string }>('bridge', 'add', '--name', 'mine');
      expect(
        await replay(
          file('one.json', JSON.stringify(aHookItem({ id: uuidv7() }))),
          '--bridge',
          bridge.id,
          '--secret',
          bridge.secret,
        ),
      ).toMatchObject({ accepted: 1 });
      expectOneLine(
        await sealtrail('replay', file('none.json', '[]'), '--url', server.url, '--json'),
        2,
        /no hook calls/,
      );
      expectOneLine(
        await sealtrail('replay', file('bad.json', 'x\ny'), '--url', server.url, '--json'),
        2,
        /Line 1 is not JSON/,
      );
      expectOneLine(await sealtrail('replay', path.join(folder, 'missing.json'), '--json'), 2, /missing\.json/);
      expectOneLine(
        await sealtrail('replay', file('l.json', JSON.stringify(events)), '--url', 'http://127.0.0.1:1', '--json'),
        2,
        /cannot be reached/,
      );
      expectOneLine(
        await sealtrail(
          'replay',
          file('l.json', JSON.stringify(events)),
          '--url',
          server.url,
          '--bridge',
          bridge.id,
          '--secret',
          'nope',
          '--json',
        ),
        2,
        /whsec_/,
      );
    } finally {
      await server.end('SIGTERM');
    }
    expect(
      (await json<{ name: string; revoked_at: string | null }[]>('bridge', 'list')).filter(
        (one) => one.name === 'replay' && one.revoked_at === null,
      ),
    ).toEqual([]);
  });

  it('serve, told to stop, still takes the delivery that is on its way, commits it and ends with 0', async () => {
    const bridge = await json<BridgeCredentials>('bridge', 'add', '--name', 'last');
    const server = await serveProgram({ env, cwd: folder });
    const item = aHookItem({ id: uuidv7() });
    const body = Buffer.from(JSON.stringify({ events: [item] }));
    const timestamp = String(Math.floor(Date.now() / 1000));
    const sent = request(`${server.url}/bridge/v1/events`, {
      method: 'POST',
      headers: {
        expect: '100-continue',
        'content-length': body.length,
        'sealtrail-bridge': bridge.id,
        'webhook-id': 'm',
        'webhook-timestamp': timestamp,
        'webhook-signature': signatureOf(bridge.secret, 'm', timestamp, body),
      },
    });
    sent.flushHeaders();
    // The server has the headers now and waits for the body.
    await once(sent, 'continue');
    const ended = server.end('SIGTERM');
    await refusesConnections(server.url);
    sent.end(body);
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    expect([response.statusCode, JSON.parse(await text(response))]).toEqual([
      200,
      expect.objectContaining({ accepted: 1 }),
    ]);
    await ended;
    expect(server.process.exitCode).toBe(0);
    expect((await sealtrail('export', '--format', 'json', '--hook', 'InvoicePaid')).stdout).toContain(
      String(item['id']),
    );
    expect((await sealtrail('verify')).code).toBe(0);
  });

  it('serve refuses a port that is taken, with one clear line', async () => {
    const server = await serveProgram({ env, cwd: folder });
    try {
      const result = await runProgram(['serve', '--json'], {
        env: { ...env, SEALTRAIL_PORT: new URL(server.url).port },
        cwd: folder,
      });
      expectOneLine(result, 2, /EADDRINUSE|in use/);
    } finally {
      await server.end('SIGTERM');
    }
  });
});

describe.each(ENGINES.filter((engine) => engine !== 'sqlite'))('the command line with %s', (engine) => {
  it('works from init to verify', async () => {
    const database = await createTestDatabase(engine);
    const own = mkdtempSync(path.join(tmpdir(), 'sealtrail-cli-'));
    try {
      const settings = { ...env, SEALTRAIL_DATABASE_URL: database.url };
      const command = (...argv: string[]) => runProgram([...argv, '--json'], { env: settings, cwd: own });
      // With a server the key is the operator's: nothing makes one by the way.
      expectOneLine(await command('bridge', 'add', '--name', 'x'), 2, /sealtrail init/);
      expect((await command('init')).code).toBe(0);
      expect((await command('bridge', 'add', '--name', 'x')).code).toBe(0);
      expect(JSON.parse((await command('verify')).stdout)).toMatchObject({ verdict: 'intact', ledgers: [{ size: 2 }] });
      expect(JSON.parse((await command('doctor')).stdout)).toMatchObject({ ok: true });
    } finally {
      rmSync(own, { recursive: true, force: true });
      await database.drop();
    }
  });

  it.each([
    ['is not there', 'mysql://st:pw@127.0.0.1:1/none'],
    [
      'does not know the user',
      () =>
        withPassword(
          process.env[engine === 'mariadb' ? 'SEALTRAIL_TEST_MYSQL_URL' : 'SEALTRAIL_TEST_MYSQL8_URL'] ?? '',
        ),
    ],
  ])('says that the database cannot be reached when it %s', async (_name, url) => {
    const settings = { ...env, SEALTRAIL_DATABASE_URL: typeof url === 'string' ? url : url() };
    const own = mkdtempSync(path.join(tmpdir(), 'sealtrail-cli-'));
    mkdirSync(path.join(own, 'data'));
    writeFileSync(path.join(own, 'data', 'master.key'), Buffer.alloc(32, 1).toString('base64'), { mode: 0o600 });
    for (const argv of [['verify'], ['serve'], ['bridge', 'list'], ['export', '--format', 'csv']]) {
      const result = await runProgram([...argv, '--json'], { env: settings, cwd: own });
      expectOneLine(result, 2, /database cannot be reached/);
      expect(result.stderr).not.toContain('wrong-password');
    }
    rmSync(own, { recursive: true, force: true });
  });
});

it('a sign-in link is good for ten minutes and no longer', async () => {
  const store = await createTestStore('sqlite');
  try {
    const { stdout } = await runCommand(store.env, ['login-link', '--json']);
    const token = (JSON.parse(stdout) as { url: string }).url.split('/').at(-1) ?? '';
    const made = Date.now() - store.clock.now().getTime();
    store.clock.advance(made + 9 * 60_000);
    expect(await store.deps.loginLinks.isOpen(token)).toBe(true);
    store.clock.advance(2 * 60_000);
    expect(await store.deps.loginLinks.isOpen(token)).toBe(false);
    expect(await store.deps.loginLinks.use(token)).toBeUndefined();
  } finally {
    await store.stop();
  }
});

function withPassword(url: string): string {
  const other = new URL(url);
  other.password = 'wrong-password';
  other.pathname = '/none';
  return other.href;
}

/** The form behind a link, sent as a browser would. */
async function useLink(link: string): Promise<Response> {
  const page = await fetch(link);
  const html = await page.text();
  const token = /name="_csrf" value="([^"]+)"/.exec(html)?.[1] ?? '';
  return fetch(link, {
    method: 'POST',
    redirect: 'manual',
    headers: {
      cookie: cookiesOf(page),
      'content-type': 'application/x-www-form-urlencoded',
      origin: new URL(link).origin,
    },
    body: new URLSearchParams({ _csrf: token }),
  });
}

function cookiesOf(response: Response): string {
  return response.headers.getSetCookie().map((cookie) => cookie.split(';')[0]).join('; '); // prettier-ignore
}

/** Resolves as soon as nobody listens there any more. */
async function refusesConnections(url: string): Promise<void> {
  for (;;) {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    });
    socket.destroy();
    if (!isOpen) return;
  }
}
