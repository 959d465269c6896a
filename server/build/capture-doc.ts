import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import actionList from '../core/catalogue/actions.json';
import activityRules from '../core/catalogue/activity-rules.json';
import derivedList from '../core/catalogue/derived-events.json';
import hookList from '../core/catalogue/hooks.json';
import ruleList from '../core/catalogue/rules.json';

const ROOT = path.join(__dirname, '..', '..');
const BRIDGE = path.join(ROOT, 'hooks-bridge', 'modules', 'addons', 'sealtrail', 'lib');

interface HookRow {
  readonly hook: string;
  readonly action: string;
  readonly also?: readonly string[];
  readonly use: string;
  readonly before_after: string;
}
interface DerivedRow {
  readonly action: string | null;
  readonly also?: readonly string[];
  readonly target: string;
  readonly method: string;
  readonly detail: string;
  readonly evidence: string;
}
interface ActionRow {
  readonly action: string;
  readonly category: string;
  readonly severity: string;
  readonly label: string;
}
type Values = 'before and after' | 'changed' | 'after' | 'no';
interface Source {
  readonly from: string;
  readonly values: Values;
}

const HOOKS = hookList.hooks as readonly HookRow[];
const DERIVED = derivedList.events as readonly DerivedRow[];
const ACTIONS = actionList.actions as readonly ActionRow[];
const SETS = ruleList.hooks as Readonly<Record<string, { readonly sets?: readonly string[] }>>;

/** docs/capture.md: every event with its sources, made from the catalogue and from what the bridge registers. */
export function captureDoc(): string {
  const found = sources();
  const parts = [
    '# What is captured',
    'Made by `npm run capture-doc` from the catalogue and from what the bridge registers; do not edit by hand.',
    'Sources: **hook** is a hook point of WHMCS. **table** is a watched table: its rows at the start of a request are compared ' +
      'with those at its end. **request** is something that only the request itself shows. **text** is a line of the activity ' +
      `log, read by rules that match loosely (version ${activityRules.version}); WHMCS does not publish its texts, so that a line ` +
      'which no rule knows becomes `activity.logged` with its raw text. **bridge** and **sidecar** tell of themselves.',
    '"Before and after" says whether an entry made from this source carries the old and the new values. *After*: only the new ' +
      'ones are known. *Changed*: a secret, which is compared inside PHP and never shown. A source marked * rests ' +
      'on memory or on community code and has not been seen on a licensed WHMCS: a wrong guess there is harmless, and shows as ' +
      'an entry that is missing, as a line of the activity log or as an unexplained change.',
    ...actionList.categories.map((category) => categoryTable(category, found)),
    '## A change without a known cause',
    'Every day the bridge compares the watched tables with what it knew of them. A difference that none of the events above ' +
      'explains is `audit.unexplained_change`, whatever table it is in, with key, fields, old and new values; nobody is named as actor.',
    '## What cannot be caught',
    missing(found),
  ];
  return `${parts.join('\n\n')}\n`;
}

/** The README's table: each category in a line, and what cannot be caught. */
export function captureSummary(): string {
  const found = sources();
  const rows = actionList.categories.map((category) => {
    const actions = ACTIONS.filter((row) => row.category === category);
    const captured = actions.filter((row) => (found.get(row.action) ?? []).length > 0);
    const count = (kind: string) => captured.filter((row) => found.get(row.action)?.some((one) => one.from.startsWith(kind))).length; // prettier-ignore
    const changes = captured.filter((row) => found.get(row.action)?.some((one) => one.values === 'before and after'));
    return `| ${category} | ${captured.length} | ${count('hook')} | ${count('table')} | ${count('request') + count('text')} | ${count('bridge') + count('sidecar')} | ${changes.length} |`;
  });
  return [
    '| category | events | by a hook | by a watched table | by the request or a text | by bridge or sidecar | with before and after |',
    '|---|---|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

export const SUMMARY_BEGIN = '<!-- capture table: npm run capture-doc -->';
export const SUMMARY_END = '<!-- end of capture table -->';

/** The README with the table as it is now. Throws where the marks are missing. */
export function withSummary(readme: string): string {
  const [from, to] = [readme.indexOf(SUMMARY_BEGIN), readme.indexOf(SUMMARY_END)];
  if (from < 0 || to < from) throw new Error('README.md has no place for the capture table.');
  return `${readme.slice(0, from)}${SUMMARY_BEGIN}\n\n${captureSummary()}\n\n${readme.slice(to)}`;
}

function categoryTable(category: string, found: ReadonlyMap<string, readonly Source[]>): string {
  const rows = ACTIONS.filter((row) => row.category === category).flatMap(({ action, label, severity }) =>
    (found.get(action) ?? []).map(
      ({ from, values }, at) =>
        `| ${at === 0 ? `\`${action}\`` : ''} | ${at === 0 ? label : ''} | ${at === 0 ? severity : ''} | ${from} | ${values} |`,
    ),
  );
  return [
    `## ${category}`,
    ['| event | | severity | source | before and after |', '|---|---|---|---|---|', ...rows].join('\n'),
  ].join('\n\n');
}

// ---- sources

function sources(): Map<string, Source[]> {
  const found = new Map<string, Source[]>();
  const add = (action: string, source: Source) => {
    const list = found.get(action) ?? [];
    if (!list.some((one) => one.from === source.from)) found.set(action, [...list, source]);
  };
  const registered = registeredHooks();
  const withBefore = hooksWithBefore();
  for (const row of HOOKS) {
    if (!registered.has(row.hook)) continue;
    const values = withBefore.has(row.hook) ? 'before and after' : hasNewValues(row) ? 'after' : 'no';
    for (const action of [row.action, ...(row.also ?? [])]) add(action, { from: `hook \`${row.hook}\``, values });
  }
  for (const [action, table] of actionsOfWatchedTables())
    add(action, { from: `table \`${table}\`${isGuess(action) ? ' *' : ''}`, values: isSecret(action) ? 'changed' : 'before and after' }); // prettier-ignore
  add('audit.unexplained_change', { from: 'table: every watched table, once a day', values: 'before and after' });
  for (const row of DERIVED)
    for (const action of [row.action, ...(row.also ?? [])])
      if (action !== null) for (const source of derivedSources(row)) add(action, source);
  for (const action of Object.keys(ruleList.own).filter((name) => name.includes('.'))) add(action, { from: 'bridge', values: 'no' }); // prettier-ignore
  for (const action of recordedByTheSidecar()) add(action, { from: 'sidecar', values: 'no' });
  return found;
}

function derivedSources({ method, evidence }: DerivedRow): Source[] {
  const mark = /memory|community/.test(evidence) ? ' *' : '';
  if (method.startsWith('AfterCronJob')) return [];
  return method.split(' + ').flatMap((way): Source[] => {
    const text = way.trim().replaceAll('|', '/');
    // The hook stands in the list by itself.
    if (/^(AddTransaction|ClientEdit|UserLogin)/.test(text)) return [];
    if (/LogActivity|tblticketlog/.test(text)) return [{ from: `text${rest(text, /^.*LogActivity text/)}${mark}`, values: 'no' }];
    if (/request watch|API call name|row counts/.test(text)) return [{ from: `request${rest(text, /^request watch( of)?:?/)}${mark}`, values: 'no' }];
    // What tables tell stands in the rules.
    return /COUNT/.test(text) ? [{ from: `request: ${text}${mark}`, values: 'no' }] : [];
  }); // prettier-ignore
}

/** Whether what brings an action about has been seen by nobody of us. */
function isGuess(action: string): boolean {
  const rows = DERIVED.filter((row) => row.action === action || row.also?.includes(action));
  return rows.length > 0 && rows.every((row) => /memory|community/.test(row.evidence));
}

function isSecret(action: string): boolean {
  return /\.password_(changed|reset|reset_requested)$/.test(action);
}

/** What the rules for the tables that the bridge watches can tell. A silent table only gives hooks their old values. */
function actionsOfWatchedTables(): [action: string, table: string][] {
  // The large ones are compared once a day only, for what nothing explains; new rows of credit are looked for.
  const source = read('WatchedTables.php').replace(/const LARGE = [^]*?(?=const NAMED)/, '');
  const credit = read('CreditWatch.php') === '' ? [] : [`'tblcredit'`];
  const blocks = [...source.split(/^ {8}(?='tbl\w+' => \[)/m).slice(1), ...credit];
  return blocks.flatMap((block) => {
    const table = /^'(tbl\w+)'/.exec(block)?.[1] ?? '';
    const rule = (ruleList.tables as Readonly<Record<string, unknown>>)[table];
    if (rule === undefined || block.includes("'silent' => true")) return [];
    const names = [...JSON.stringify(rule).matchAll(/"([a-z][a-z0-9_]*\.[a-z0-9_]+)"/g)].map(([, name = '']) => name);
    return [...new Set(names)].map((name): [string, string] => [name, table]);
  });
}

/** What is left of a method when the word for its kind is taken away. */
function rest(method: string, kind: RegExp): string {
  const left = method.replace(kind, '').trim();
  return left === '' ? '' : `: ${left.replace(/^[,/] ?/, '')}`;
}

/** A hook's parameters are the new values where the facts say so, or where a rule takes them for newly set. */
function hasNewValues(row: HookRow): boolean {
  return row.before_after.startsWith('after only') || (SETS[row.hook]?.sets ?? []).length > 0;
}

function registeredHooks(): Set<string> {
  return new Set([...read('hook-table.php').matchAll(/^ {4}'(\w+)' => \['role' => '(audit|daily)'/gm)].map(([, hook = '']) => hook)); // prettier-ignore
}

/** Hooks that bring old values along, and those for which the bridge has read the row before. */
function hooksWithBefore(): Set<string> {
  const table = [...read('hook-table.php').matchAll(/^ {4}'(\w+)' => .*'before' => '\w+'/gm)];
  const rows = read('RowWatch.php').split('private $reader')[0] ?? '';
  return new Set([...table, ...rows.matchAll(/'([A-Z]\w+)' => \['tbl/g)].map(([, hook = '']) => hook));
}

function read(file: string): string {
  const whole = path.join(BRIDGE, file);
  return existsSync(whole) ? readFileSync(whole, 'utf8') : '';
}

/** The actions of our own that stand in the program. */
function recordedByTheSidecar(): string[] {
  const names = new Set<string>();
  for (const file of readdirSync(path.join(ROOT, 'server'), { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts') || /\.test\.ts$|^(testing|bench|build|cli\/demo)\//.test(file)) continue;
    const source = readFileSync(path.join(ROOT, 'server', file), 'utf8');
    for (const [, name = ''] of source.matchAll(/'((?:audit|privacy|incident)\.[a-z_]+)'/g)) names.add(name);
  }
  return ACTIONS.map((row) => row.action).filter((action) => names.has(action));
}

// ---- what is missing

function missing(found: ReadonlyMap<string, readonly Source[]>): string {
  const registered = registeredHooks();
  const lines = DERIVED.filter((row) => row.action === null).map((row) => `- **${row.target}**: ${row.detail}.`);
  const shown = HOOKS.filter((row) => !registered.has(row.hook)).flatMap((row) => [row.action, ...(row.also ?? [])].map((action) => ({ action, hook: row.hook }))); // prettier-ignore
  const names = shown.filter((row) => !found.has(row.action)).map((row) => `\`${row.action}\` (${row.hook})`);
  const optional = names.length === 0 ? [] : [`- **Views, mails and downloads**: ${names.join(', ')}. Their hook points build a page, a mail, a download or a cron task that somebody waits for, and come very often, so that the bridge stays out of them.`]; // prettier-ignore
  const views = new Set(shown.map((row) => row.action));
  const later = ACTIONS.filter((row) => !found.has(row.action) && !views.has(row.action)).map((row) => `\`${row.action}\``); // prettier-ignore
  return [
    ...lines,
    ...optional,
    '- **Decisions**: `AuthAdmin`, `AuthAdminApi`, `RunFraudCheck` and `ClientLoginShare` take part in a decision. Registering ' +
      'them would change what WHMCS does, so that a sign-in is known by its end only.',
    '- **Old values of hooks that carry none**, where the row is not named by the request: see the last column above.',
    '- **The text of an e-mail template, a ticket reply or a product**: a fingerprint is compared, and the entry says that it changed.',
    '- **A change in the database that is undone before the next comparison**: it leaves nothing to compare.',
    '- **Reading the database directly**, and whatever an attacker does while PHP does not run our hooks.',
    '- **Failed API sign-ins** that WHMCS does not log: switch on *Log API Authentication* in its security settings.',
    ...(later.length === 0 ? [] : [`- **Not there yet**, the names are reserved: ${later.join(', ')}.`]),
  ].join('\n');
}
