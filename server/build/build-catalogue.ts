import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/**
 * Makes the catalogue's fact files from the folder with the facts (`npm run catalogue -- FOLDER`, by default the one beside
 * the checkout). The program reads only what is made here; rules.json and activity-rules.json are written by hand.
 */
const folder = path.resolve(process.argv[2] ?? path.join(__dirname, '..', '..', '..', 'shared'));
const target = path.join(__dirname, '..', 'core', 'catalogue');

type Row = Readonly<Record<string, unknown>>;

const facts = read<{ hooks: Row[]; derived_events: Row[] }>('whmcs', 'hooks.json');
const vocabulary = read<{ meta: { categories: string[] }; actions: Row[] }>('vocabulary.json');

const HOOK_KEYS = ['hook', 'action', 'also', 'also_when', 'target_type', 'target_param', 'use', 'args', 'before_after', 'redact', 'minimise', 'since', 'params']; // prettier-ignore
const ACTION_KEYS = ['action', 'category', 'severity', 'outcome', 'target_type', 'label', 'direction', 'erasable'];
const DERIVED_KEYS = ['action', 'also', 'also_when', 'target', 'method', 'detail', 'evidence'];

write('hooks.json', 'Hook points that mean an action, with what must not leave PHP. Made by `npm run catalogue`; do not edit by hand.', {
  hooks: facts.hooks
    .filter((row) => row['action'])
    .map((row) => pick(withoutNulls({ ...row, params: Object.keys(row['params'] as Row) }), HOOK_KEYS)),
}); // prettier-ignore
write('actions.json', 'Every action, once. Made by `npm run catalogue` from the vocabulary; do not edit by hand.', {
  categories: vocabulary.meta.categories,
  actions: vocabulary.actions.map((row) => pick(row, ACTION_KEYS)),
});
write('derived-events.json', 'Events that no hook point tells of, and how each is found. Made by `npm run catalogue`; do not edit by hand.', {
  events: facts.derived_events.map((row) => pick(row, DERIVED_KEYS)),
}); // prettier-ignore

function read<T>(...parts: string[]): T {
  return JSON.parse(readFileSync(path.join(folder, ...parts), 'utf8')) as T;
}

function pick(row: Row, keys: readonly string[]): Row {
  return Object.fromEntries(keys.filter((key) => row[key] !== undefined).map((key) => [key, row[key]]));
}

function withoutNulls(row: Row): Row {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null));
}

/** A row a line, so that a change of one fact is one line in the history. */
function write(file: string, about: string, lists: Readonly<Record<string, readonly unknown[]>>): void {
  const parts = Object.entries(lists).map(([name, list]) =>
    typeof list[0] === 'string'
      ? `  "${name}": ${spaced(list)}`
      : `  "${name}": [\n${list.map((row) => `    ${spaced(row)}`).join(',\n')}\n  ]`,
  );
  writeFileSync(path.join(target, file), `{\n  "about": ${JSON.stringify(about)},\n${parts.join(',\n')}\n}\n`);
}

function spaced(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(spaced).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([key, inner]) => `${JSON.stringify(key)}: ${spaced(inner)}`)
    .join(', ')}}`;
}
