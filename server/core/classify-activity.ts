import { getAction, type Action } from './action-catalogue';
import type { JsonObject } from './canonical-json';
import textRules from './catalogue/activity-rules.json';
import ruleList from './catalogue/rules.json';
import { classifiedEvent, type CaptureContext, type Classified } from './classified-event';
import { clip } from './clip';
import type { ActivityLine } from './hook-call';
import { idText, scalar, valueAt } from './json-path';
import { pattern } from './rule-condition';

interface WatchRule {
  /** Parameters that may hold the target's id, and those that may label it. */
  readonly id?: readonly string[];
  readonly label?: readonly string[];
}

const WATCHED = ruleList.watch as Readonly<Record<string, WatchRule>>;
const OWN = ruleList.own as Readonly<Record<string, string>>;
/** A line says what it says at its start; a pattern over megabytes that somebody chose could run for ever. */
const MAX_READ = 1_000;
const TARGET_IDS = textRules.targets as Readonly<Record<string, readonly string[]>>;

/** A line of the activity log, a finding of the request watch, or what the bridge says of itself. */
export function classifyActivity(line: ActivityLine, context: CaptureContext): Classified {
  if (line.own !== undefined) return classifyOwn(line, line.own, context);
  if (line.watch !== undefined) return classifyWatch(line, line.watch, context);
  return classifyText(line, context);
}

/** The raw text is kept whatever is read out of it, with the version of the rules that read it. */
function classifyText(line: ActivityLine, context: CaptureContext): Classified {
  const rule = textRules.rules.find((one) => pattern(one.match).test(line.text.slice(0, MAX_READ)));
  const action = getAction(rule?.action ?? textRules.default);
  const ids = idsIn(line.text.slice(0, MAX_READ));
  const client = idText(line.params['userid']) ?? firstId(ids, TARGET_IDS['client'] ?? []);
  const payload: JsonObject = {
    ...line.params,
    description: line.text,
    text_rules: textRules.version,
    ...(Object.keys(ids).length === 0 ? {} : { ids }),
  };
  const id = firstId(ids, TARGET_IDS[action.targetType] ?? []);
  return one(line, payload, context, {
    action,
    id: action.targetType === 'client' ? client : id,
    label: line.text,
    client,
    hook: 'LogActivity',
  });
}

/** "Invoice ID: 12 - Service ID: 7" as {"Invoice ID":"12","Service ID":"7"}; the first of each name. */
function idsIn(text: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [, name = '', id = ''] of text.matchAll(new RegExp(textRules.id_pattern, 'g'))) {
    const plain = name.trim().split(/\s+/).slice(-2).join(' ');
    if (!Object.hasOwn(found, plain)) found[plain] = clip(id, 20);
  }
  return found;
}

function firstId(ids: Readonly<Record<string, string>>, names: readonly string[]): string | null {
  const name = names.find((one) => Object.hasOwn(ids, one));
  return name === undefined ? null : idText(ids[name]);
}

/** Only what the catalogue lists may be said by a bridge: it must not write entries in the name of the sidecar. */
function classifyWatch(line: ActivityLine, watch: string, context: CaptureContext): Classified {
  const rule = Object.hasOwn(WATCHED, watch) ? WATCHED[watch] : undefined;
  if (!rule) return { problem: 'unknown_watch', detail: clip(watch, 100) };
  const first = (names: readonly string[] = []) =>
    names.map((name) => scalar(valueAt(line.params, name))).find((value) => value !== null && value !== '');
  const client = ruleList.client_params
    .map((path) => idText(valueAt(line.params, path)))
    .find((value) => value !== null);
  const payload = { ...line.params, description: line.text };
  return one(line, payload, context, {
    action: getAction(watch),
    id: idText(first(rule.id)),
    label: String(first(rule.label) ?? ''),
    client: client ?? null,
    hook: null,
  });
}

function classifyOwn(line: ActivityLine, own: string, context: CaptureContext): Classified {
  const name = Object.hasOwn(OWN, own) ? OWN[own] : undefined;
  if (name === undefined) return { problem: 'unknown_watch', detail: clip(own, 100) };
  const action = getAction(name);
  const payload = { ...line.params, description: line.text };
  const id = action.targetType === 'bridge' ? context.bridge : null;
  return one(line, payload, context, { action, id, label: '', client: null, hook: null });
}

interface LineParts {
  readonly action: Action;
  readonly id: string | null;
  readonly label: string;
  readonly client: string | null;
  readonly hook: string | null;
}

function one(line: ActivityLine, params: JsonObject, context: CaptureContext, parts: LineParts): Classified {
  const { action, id, label, client, hook } = parts;
  const target = { type: action.targetType, id, label: label === '' ? null : clip(label, 200) };
  const made = { action, part: 0, target, client, changes: [], outcome: undefined, hook };
  return { events: [classifiedEvent({ ...line, params }, context, made)] };
}
