import { InvalidArgumentError, Option, type Command } from 'commander';
import { storedTime } from '../core/stored-time';
import { DEFAULT_TENANT } from '../entries/ledger-setup';
import { InvalidSettingsError } from '../features/settings/settings-service';
import { definitionOf, isSettingName, SETTING_NAMES, type SettingName } from '../features/settings/settings';
import type { Translate } from '../http/i18n';
import type { CliContext } from './cli-context';
import { OPERATOR } from './operator';
import { withDeps } from './with-deps';

/** The settings of a tenant, for scripts: what the pages under /settings show and set. */
export function addSettingsCommands(program: Command, context: CliContext): void {
  const { print, config } = context;
  const settings = program.command('settings').description('list settings, and set one');
  const tenant = () => new Option('--tenant <slug>', 'the tenant whose settings').default(DEFAULT_TENANT);
  settings
    .command('list')
    .description('every setting with its value, who set it and in which entry; secrets are never shown')
    .addOption(tenant())
    .action((options: { tenant: string }) =>
      withDeps(config(), async (deps) => {
        const ledger = await deps.store.findLedger(options.tenant);
        if (!ledger) throw new Error(`There is no tenant ${options.tenant}.`);
        const { texts, marks } = await deps.settings.view(ledger.tenant.id);
        const rows = SETTING_NAMES.map((name) => ({
          name,
          value: texts[name],
          set_by: marks[name]?.by ?? null,
          set_at: marks[name] ? storedTime(marks[name].at) : null,
          seq: marks[name]?.seq ?? null,
        }));
        print(rows, rows.map(({ name, value, set_by: by }) => `${name} = ${value}${by === null ? '' : `  (set by ${by})`}`)); // prettier-ignore
      }),
    );
  settings
    .command('set')
    .description('set one; a list is parted by commas, an empty text takes a value away')
    .argument('<name>', SETTING_NAMES.join(', '), settingName)
    .argument('<value>')
    .addOption(tenant())
    .action((name: SettingName, value: string, options: { tenant: string }) =>
      withDeps(config(), async (deps) => {
        try {
          const changed = await deps.settings.change(options.tenant, { [name]: value }, OPERATOR);
          print({ name, changed: changed.length > 0 }, [changed.length > 0 ? `Set ${name}.` : `${name} has this value already.`]); // prettier-ignore
        } catch (error) {
          if (!(error instanceof InvalidSettingsError)) throw error;
          throw new Error(describeProblems(error, deps.i18n.translator('en')), { cause: error });
        }
      }),
    );
}

/** In the words of the pages, and with what may be chosen, which a page shows beside the field. */
function describeProblems({ problems }: InvalidSettingsError, t: Translate): string {
  const lines = Object.entries(problems).map(([name, problem]) => {
    const choices = isSettingName(name) ? definitionOf(name).choices : undefined;
    const isChoice = problem === 'not_choice' || problem === 'not_language' || problem === 'no_language';
    return isChoice && choices
      ? `${name}: write one of ${choices.join(', ')}.`
      : `${name}: ${t(`settings:problem.${problem}`)}`;
  });
  return lines.join(' ');
}

function settingName(name: string): SettingName {
  if (!isSettingName(name)) throw new InvalidArgumentError(`write one of ${SETTING_NAMES.join(', ')}.`);
  return name;
}
