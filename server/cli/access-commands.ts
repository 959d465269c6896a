import { InvalidArgumentError, type Command } from 'commander';
import { storedTimeOrNull } from '../core/stored-time';
import type { Deps } from '../deps';
import type { Ledger } from '../entries/entry-store';
import { DEFAULT_TENANT, ensureLedger } from '../entries/ledger-setup';
import { pairingCode } from '../features/access/pairing-code';
import { SCOPES, type Scope } from '../features/access/token-service';
import { sendSignInLink } from '../mail/sign-in-mail';
import { nonEmpty, oneOf, slug } from './arguments';
import { bridgeSummary } from './bridge-lines';
import type { CliContext } from './cli-context';
import { createSignInUrl } from './sign-in-url';
import { withDeps } from './with-deps';

const BY = { via: 'cli' } as const;

/** Pairing of bridges, API tokens and sign-in links. Each use of them is an entry. */
export function addAccessCommands(program: Command, context: CliContext): void {
  const { print, config } = context;
  const bridge = program.command('bridge').description('pair, list and revoke bridges');
  bridge
    .command('add')
    .description('pair a bridge; the secret is shown once')
    .requiredOption('--name <name>', 'what to call it', nonEmpty)
    .option('--tenant <slug>', 'the tenant it belongs to', slug, DEFAULT_TENANT)
    .option('--url <url>', 'where the billing system reaches the sidecar (default: SEALTRAIL_PUBLIC_URL)', httpUrl)
    .action((options: { name: string; tenant: string; url?: string }) =>
      withDeps(config(), async (deps) => {
        const ledger = await ensureLedger(deps, options.tenant);
        const made = await deps.credentials.addBridge(ledger, options.name, BY);
        const code = pairingCode({ url: options.url ?? deps.config.publicUrl, ...made });
        print({ ...made, code }, [
          `Bridge id: ${made.id}`,
          `Secret:    ${made.secret}`,
          `Code:      ${code}`,
          'Secret and code are shown only now. Paste the code into the page of the addon in WHMCS.',
        ]);
      }),
    );
  bridge
    .command('rotate')
    .description('a second secret for a bridge; the first ends when the second is used, or after seven days')
    .argument('<id>')
    .option('--url <url>', 'where the billing system reaches the sidecar (default: SEALTRAIL_PUBLIC_URL)', httpUrl)
    .action((id: string, options: { url?: string }) =>
      withDeps(config(), async (deps) => {
        const active = await deps.bridges.findActive(id);
        const made = active && (await deps.credentials.rotateBridge(active.ledger, active, BY));
        if (!made) throw new Error(`There is no active bridge ${id}.`);
        const code = pairingCode({ url: options.url ?? deps.config.publicUrl, ...made });
        const until = made.firstEndsAt.toISOString();
        print({ id, secret: made.secret, code, older_secret_ends_at: until }, [
          `Secret: ${made.secret}`,
          `Code:   ${code}`,
          `They are shown only now. The older secret ends with the first delivery under this one, at the latest ${until}.`,
        ]);
      }),
    );
  bridge
    .command('list')
    .description('every bridge, when it was last heard, what waits there and what is missing')
    .action(() =>
      withDeps(config(), async (deps) => {
        const states = new Map((await deps.bridgeWatch.states()).map((state) => [state.id, state]));
        const rows = (await deps.bridges.list()).map((row) => {
          const state = states.get(row.id);
          const outbox = state?.outbox;
          return {
            id: row.id,
            name: row.name,
            created_at: storedTimeOrNull(row.created_at),
            revoked_at: storedTimeOrNull(row.revoked_at),
            rotated_at: storedTimeOrNull(row.rotated_at),
            last_seen_at: storedTimeOrNull(row.last_seen_at),
            last_seq: row.last_seq,
            whmcs: row.whmcs,
            bridge: row.bridge_version,
            silent: state?.isSilent ?? false,
            paused: state?.isPaused ?? false,
            clock_drift_ms: state?.clockDriftMs ?? null,
            heartbeat_at: storedTimeOrNull(outbox?.at ?? null),
            pending: outbox?.pending ?? null,
            oldest_at: storedTimeOrNull(outbox?.oldestAt ?? null),
            parked: outbox?.parked ?? null,
            spooled: outbox?.spooled ?? null,
            gaps: state?.gaps ?? 0,
            missing: state?.missing ?? 0,
          };
        });
        const at = deps.now().getTime();
        const line = ({ id, name, revoked_at: revokedAt }: (typeof rows)[number]) => {
          const state = states.get(id);
          return `${id}  ${name}  ${state ? bridgeSummary(state, at).join(', ') : `revoked ${revokedAt ?? ''}`}`;
        };
        print(rows, rows.length === 0 ? ['There is no bridge. Pair one: sealtrail bridge add --name billing'] : rows.map(line)); // prettier-ignore
      }),
    );
  bridge
    .command('revoke')
    .description('refuse every further delivery of a bridge')
    .argument('<id>')
    .action((id: string) =>
      withDeps(config(), async (deps) => {
        const bridge = await deps.bridges.findActive(id);
        const isRevoked = bridge !== undefined && (await deps.credentials.revokeBridge(bridge.ledger, bridge, BY));
        if (!isRevoked) throw new Error(`There is no active bridge ${id}.`);
        print({ id, revoked: true }, [`Revoked ${id}.`]);
      }),
    );

  program
    .command('login-link')
    .description('a one-time sign-in address, good for ten minutes')
    .option(
      '--role <role>',
      'a built-in role or the name of one of your own (default: what they have, else super_admin)',
    )
    .option('--name <name>', 'who signs in', nonEmpty, 'admin')
    .option('--tenant <slug>', 'the tenant to look at', slug, DEFAULT_TENANT)
    .option('--mail <address>', 'send it by mail instead of printing it')
    .action((options: { role?: string; name: string; tenant: string; mail?: string }) =>
      withDeps(config(), async (deps) => {
        const url = await createSignInUrl(deps, { ...options, baseUrl: deps.config.publicUrl });
        if (options.mail === undefined) return print({ url }, [url]);
        await sendSignInLink(deps.mail.transport, { to: options.mail, url });
        print({ mailed_to: options.mail }, [`Sent to ${options.mail}.`]);
      }),
    );

  const token = program.command('token').description('make, list and revoke API tokens');
  token
    .command('create')
    .description('make a token; it is shown once')
    .requiredOption('--name <name>', 'what it is for', nonEmpty)
    .requiredOption('--scope <scopes>', `comma list of ${SCOPES.join(', ')}`, scopes)
    .option('--tenant <slug>', 'the tenant it may see', slug, DEFAULT_TENANT)
    .action((options: { name: string; scope: Scope[]; tenant: string }) =>
      withDeps(config(), async (deps) => {
        const ledger = await findTenantLedger(deps, options.tenant);
        const made = await deps.credentials.createToken(ledger, options.name, options.scope, BY);
        print(made, [`Token id: ${made.id}`, `Token:    ${made.token}`, 'The token is shown only now.']);
      }),
    );
  token
    .command('list')
    .description('every token, without the token itself')
    .action(() =>
      withDeps(config(), async (deps) => {
        const rows = (await deps.tokens.list()).map((row) => ({
          id: row.id,
          name: row.name,
          scopes: row.scopes.split(','),
          created_at: storedTimeOrNull(row.created_at),
          revoked_at: storedTimeOrNull(row.revoked_at),
          last_used_at: storedTimeOrNull(row.last_used_at),
          genuine: row.isGenuine,
        }));
        print(rows, rows.length === 0 ? ['There is no token.'] : rows.map((row) => `${row.id}  ${row.name}  ${row.scopes.join(',')}  ${row.revoked_at ? `revoked ${row.revoked_at}` : `last used ${row.last_used_at ?? 'never'}`}${row.genuine ? '' : '  opens nothing: changed in the database, or of an earlier build'}`)); // prettier-ignore
      }),
    );
  token
    .command('revoke')
    .description('refuse a token from now on')
    .argument('<id>')
    .action((id: string) =>
      withDeps(config(), async (deps) => {
        const token = (await deps.tokens.list()).find((row) => row.id === id);
        const [ledger] = token === undefined ? [] : await deps.store.listLedgers(token.tenant_id);
        const isRevoked = token !== undefined && ledger !== undefined && (await deps.credentials.revokeToken(ledger, token, BY)); // prettier-ignore
        if (!isRevoked) throw new Error(`There is no active token ${id}.`);
        print({ id, revoked: true }, [`Revoked ${id}.`]);
      }),
    );
}

/** A tenant comes into being with its first bridge; a misspelt one must not. */
async function findTenantLedger(deps: Deps, tenant: string): Promise<Ledger> {
  const ledger = await deps.store.findLedger(tenant);
  if (!ledger) throw new Error(`There is no tenant ${tenant}. It begins with: sealtrail bridge add --tenant ${tenant}`);
  return ledger;
}

function httpUrl(value: string): string {
  if (!/^https?:\/\/[^\s/?#@]+(\/[^\s?#]*)?$/i.test(value))
    throw new InvalidArgumentError('write an http or https address.');
  return value.replace(/\/+$/, '');
}

/** Also an option for each: the last alone would make a token that may do less than was asked for. */
function scopes(value: string, before: readonly Scope[] = []): Scope[] {
  return [...new Set([...before, ...value.split(',').map((part) => oneOf<Scope>(SCOPES)(part.trim()))])];
}
