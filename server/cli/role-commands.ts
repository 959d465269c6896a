import type { Command } from 'commander';
import { storedTime } from '../core/stored-time';
import type { Deps } from '../deps';
import { DEFAULT_TENANT } from '../entries/ledger-setup';
import type { Changed, Tenant } from '../features/access/access-change';
import { RIGHTS, ROLE_RIGHTS, ROLES } from '../features/access/rights';
import { NO_ACCESS } from '../features/access/role-service';
import { nonEmpty, slug } from './arguments';
import type { CliContext } from './cli-context';
import { ACCESS_OPERATOR } from './operator';
import { refusalWords, roleKey } from './role-words';
import { withDeps } from './with-deps';

interface Options {
  readonly tenant: string;
}

/** Roles and who has them. Each change is an entry, as those of the pages are. */
export function addRoleCommands(program: Command, { print, config }: CliContext): void {
  const inTenant = <T>(options: Options, use: (deps: Deps, tenant: Tenant) => Promise<T>) =>
    withDeps(config(), async (deps) => {
      const ledger = await deps.store.findLedger(options.tenant);
      if (!ledger) throw new Error(`There is no tenant ${options.tenant}.`);
      return use(deps, ledger.tenant);
    });

  const role = program.command('role').description('list, make, change and remove roles');
  role
    .command('rights')
    .description('every right that a role can have')
    .action(() => print(RIGHTS, RIGHTS));
  role
    .command('list')
    .description('every role, what it may do, and which roles of the billing system stand for it')
    .option('--tenant <slug>', 'of which tenant', slug, DEFAULT_TENANT)
    .action((options: Options) =>
      inTenant(options, async (deps, { id }) => {
        const custom = await deps.roles.list(id);
        const mappings = await deps.roles.listMappings(id);
        const rows = [
          ...ROLES.map((name) => ({ id: name, name, rights: ROLE_RIGHTS[name] })),
          ...custom.map((one) => ({ id: one.id, name: one.name, rights: one.rights })),
          { id: NO_ACCESS, name: NO_ACCESS, rights: [] },
        ].map((one) => ({
          ...one,
          billing_roles: mappings.filter((mapping) => mapping.role === one.id).map(({ billingRole }) => billingRole),
        }));
        print(rows, rows.map(({ name, rights, billing_roles: billing }) => `${name}: ${rights.join(', ') || 'nothing'}${billing.length > 0 ? `  (in the billing system: ${billing.join(', ')})` : ''}`)); // prettier-ignore
      }),
    );
  role
    .command('add')
    .description('make a role')
    .requiredOption('--name <name>', 'what to call it', nonEmpty)
    .requiredOption('--rights <rights>', 'comma list: sealtrail role rights', listOf)
    .option('--tenant <slug>', 'of which tenant', slug, DEFAULT_TENANT)
    .action((options: Options & { name: string; rights: string[] }) =>
      inTenant(options, async (deps, tenant) => {
        const made = valueOf(await deps.roles.save(tenant, { id: null, ...options }, ACCESS_OPERATOR));
        print(made, [`Made ${made.name} (${made.id}): ${made.rights.join(', ')}`]);
      }),
    );
  role
    .command('set')
    .description('change what a role of your own may do, or which role one of the billing system stands for')
    .option('--name <name>', 'the role of your own', nonEmpty)
    .option('--rights <rights>', 'comma list: what it may do from now on', listOf)
    .option('--billing <role>', 'a role of the billing system', nonEmpty)
    .option('--as <role>', 'what it stands for; "default" for an auditor, "none" for no access', nonEmpty)
    .option('--tenant <slug>', 'of which tenant', slug, DEFAULT_TENANT)
    .action((options: Options & { name?: string; rights?: string[]; billing?: string; as?: string }) =>
      inTenant(options, async (deps, tenant) => {
        const { name, rights, billing, as } = options;
        if (billing !== undefined && as !== undefined) {
          const key = as === 'default' ? null : as === NO_ACCESS ? NO_ACCESS : await roleKey(deps, tenant, as);
          valueOf(await deps.roles.map(tenant, billing, key, ACCESS_OPERATOR));
          return print({ billing_role: billing, role: key }, [`${billing} stands for ${as} from now on.`]);
        }
        if (name === undefined || rights === undefined)
          throw new Error('Write --name and --rights, or --billing and --as.');
        const found = (await deps.roles.list(tenant.id)).find((one) => one.name === name || one.id === name);
        if (!found) throw new Error(`There is no role of your own called ${name}: sealtrail role list`);
        const changed = valueOf(
          await deps.roles.save(tenant, { id: found.id, name: found.name, rights }, ACCESS_OPERATOR),
        );
        print(changed, [`${changed.name} may from now on: ${changed.rights.join(', ')}`]);
      }),
    );
  role
    .command('remove')
    .description('remove a role that nobody has')
    .argument('<name>')
    .option('--tenant <slug>', 'of which tenant', slug, DEFAULT_TENANT)
    .action((name: string, options: Options) =>
      inTenant(options, async (deps, tenant) => {
        const gone = valueOf(await deps.roles.remove(tenant, await roleKey(deps, tenant, name), ACCESS_OPERATOR));
        print({ id: gone.id, removed: true }, [`Removed ${gone.name}.`]);
      }),
    );

  const people = program.command('people').description('who was seen, and what they may do');
  people
    .command('list')
    .description('everybody who signed in or came through a bridge')
    .option('--tenant <slug>', 'of which tenant', slug, DEFAULT_TENANT)
    .action((options: Options) =>
      inTenant(options, async (deps, { id }) => {
        const names = new Map((await deps.roles.list(id)).map((one) => [one.id, one.name]));
        const rows = (await deps.people.list(id)).map((one) => ({
          id: one.id,
          name: one.name,
          bridge: one.bridgeId,
          ref: one.ref,
          billing_role: one.billingRole,
          role: names.get(one.role) ?? one.role,
          given: one.givenRole !== null,
          last_seen_at: storedTime(one.lastSeenAt),
        }));
        print(rows, rows.length === 0 ? ['Nobody was seen yet.'] : rows.map((row) => `${row.id}  ${row.name}  ${row.role}${row.given ? ' (given)' : ''}  ${row.bridge === null ? 'signs in here' : `admin ${row.ref} of bridge ${row.bridge}`}  last seen ${row.last_seen_at}`)); // prettier-ignore
      }),
    );
  people
    .command('set')
    .description('give somebody a role; it counts from their next request on')
    .argument('<id>', 'sealtrail people list')
    .requiredOption('--role <role>', '"none" for no access, "default" for that of the link or of the billing system')
    .option('--tenant <slug>', 'of which tenant', slug, DEFAULT_TENANT)
    .action((id: string, options: Options & { role: string }) =>
      inTenant(options, async (deps, tenant) => {
        const { role: text } = options;
        const key = text === 'default' ? null : text === NO_ACCESS ? NO_ACCESS : await roleKey(deps, tenant, text);
        const person = valueOf(await deps.people.setRole(tenant, id, key, ACCESS_OPERATOR));
        print({ id, name: person.name, role: person.role }, [`${person.name} is ${person.role} from now on.`]);
      }),
    );
}

/** Also an option for each: the last alone would say less than was meant. */
function listOf(value: string, before: readonly string[] = []): string[] {
  return [...before, ...value.split(',').flatMap((part) => (part.trim() === '' ? [] : [part.trim()]))];
}

function valueOf<T>(changed: Changed<T>): T {
  if (!changed.ok) throw new Error(refusalWords(changed.refusal));
  return changed.value;
}
