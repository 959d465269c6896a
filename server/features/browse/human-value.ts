import type { JsonValue } from '../../core/canonical-json';
import { isSecretMark } from '../../core/redact';
import { formatDay, revealText, showTime, type PageContext } from '../../http/page-context';

/** A value as a person reads it: words, or a remark that stands for them ("(empty)"). */
export interface HumanValue {
  readonly text: string;
  readonly remark: string;
  /** What was recorded, where the words are others: it stands in the payload, and on hover. */
  readonly original: string;
}

/** Names of fields that hold money in WHMCS; their values have two places and no currency beside them. */
const MONEY_FIELD = /(amount|total|balance|price|fees?|credit|cost|setup|tax2?|paid|refund)(in|out|_?due)?$/i;
const MONEY = /^-?\d{1,15}\.\d{2}$/;
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const NO_DAY = /^0000-00-00( 00:00:00)?$/;
const DAY_TIME = /^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}(?::\d{2})?)$/;
const MOMENT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;

/**
 * Yes and no, days, moments, money, lists and objects in the reader's words. A time that WHMCS wrote without a zone stays without
 * one. `isFlag`: the field is known to be one, so that "on" and "" are yes and no (see `areFlags`).
 */
export function humanValue(field: string, value: JsonValue, ctx: PageContext, isFlag = false): HumanValue {
  if (isSecretMark(value) && value !== '') return { text: '', remark: ctx.t('entry:changed_not_shown'), original: '' };
  if (isFlag) return said(ctx.t(isYes(value) ? 'entry:value.yes' : 'entry:value.no'), value);
  if (value === null || value === '') return { text: '', remark: ctx.t('entry:empty'), original: '' };
  if (typeof value === 'object') return linesOf(field, value, ctx);
  return scalar(field, value, ctx);
}

/** Two sides of one field that only make sense as yes and no: a boolean, or the "on" and "" of a ticked box. */
export function areFlags(before: JsonValue, after: JsonValue): boolean {
  const sides = [before, after];
  const isFlag = (value: JsonValue) =>
    typeof value === 'boolean' || value === null || /^(on|off|1|0|)$/i.test(plainText(value));
  return (
    sides.every(isFlag) && sides.some((value) => typeof value === 'boolean' || /^(on|off)$/i.test(plainText(value)))
  );
}

function scalar(field: string, value: string | number | boolean, ctx: PageContext): HumanValue {
  if (typeof value === 'boolean') return said(ctx.t(value ? 'entry:value.yes' : 'entry:value.no'), value);
  const text = String(value);
  if (NO_DAY.test(text)) return { text: '', remark: ctx.t('entry:value.no_day'), original: text };
  if (DAY.test(text) && isTime(`${text}T00:00:00Z`)) return said(formatDay(text, ctx), text);
  const [, day, time] = DAY_TIME.exec(text) ?? [];
  if (day !== undefined && time !== undefined && isTime(`${day}T${time}Z`))
    return said(ctx.t('entry:value.day_and_time', { day: formatDay(day, ctx), time }), text);
  if (MOMENT.test(text) && isTime(text)) return said(showTime(text, ctx).local, text);
  if (MONEY.test(text) && MONEY_FIELD.test(field)) return said(formatMoney(text, ctx), text);
  return { text: revealText(text), remark: '', original: '' };
}

/** "street: Main Street 1", one line a member, lists as lists; the names stay as they are. */
function linesOf(field: string, value: JsonValue & object, ctx: PageContext): HumanValue {
  const original = JSON.stringify(value);
  const lines = [...walk('', value)].map(([name, one]) => {
    const last = name.split('.').at(-1) ?? '';
    const { text, remark } = humanValue(/^\d*$/.test(last) ? field : last, one, ctx);
    const words = text === '' ? remark : text;
    return name === '' ? words : `${revealText(name)}${ctx.t('common:unit_separator')}${words}`;
  });
  return lines.length === 0
    ? { text: '', remark: ctx.t('entry:empty'), original }
    : { text: lines.join('\n'), remark: '', original: revealText(original) };
}

/** Leaves in their order: members by their path, items of a list of plain values without a name. */
function* walk(name: string, value: JsonValue): Generator<readonly [string, JsonValue]> {
  if (typeof value !== 'object' || value === null) {
    yield [name, value];
    return;
  }
  const isPlainList = Array.isArray(value) && value.every((item) => typeof item !== 'object' || item === null);
  for (const [key, item] of Object.entries<JsonValue>(value))
    yield* walk(isPlainList ? name : name === '' ? key : `${name}.${key}`, item);
}

function formatMoney(text: string, { lng }: PageContext): string {
  // As text: a sum of money does not pass through a float (the type of `format` has no decimal strings yet).
  return new Intl.NumberFormat(lng, { minimumFractionDigits: 2, maximumFractionDigits: 2 }).format(text as never);
}

function said(text: string, value: JsonValue): HumanValue {
  return { text, remark: '', original: revealText(typeof value === 'string' ? value : JSON.stringify(value)) };
}

function isYes(value: JsonValue): boolean {
  return value === true || /^(on|1)$/i.test(plainText(value));
}

function isTime(text: string): boolean {
  return !Number.isNaN(Date.parse(text));
}

/** A list or an object is no plain text. */
function plainText(value: JsonValue): string {
  return typeof value === 'object' ? '{}' : String(value);
}
