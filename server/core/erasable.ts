import { getAction } from './action-catalogue';
import type { JsonObject, JsonValue } from './canonical-json';
import ruleList from './catalogue/rules.json';
import { refsOf } from './data-subject';
import type { AuditEvent, Change } from './event';

/** What one data subject could ask us to erase from an entry. `ref` names the subject, as in `client:5`. */
export interface ErasableValues {
  readonly ref: string;
  readonly values: JsonObject;
}

/** An event taken apart: what is sealed in the clear, and what only a salted commitment stands for. */
export interface SplitEvent {
  readonly sealedPayload: JsonObject;
  readonly sealedChanges: readonly Change[];
  readonly actor: ErasableValues | null;
  readonly subject: ErasableValues | null;
}

type FieldTest = (field: string) => boolean;

const SEALED_FIELD = new RegExp(ruleList.sealed_fields.match, 'i');
const PERSONAL_FIELD = new RegExp(ruleList.personal_fields.match, 'i');

const isKnownPersonal = remembered((field) => PERSONAL_FIELD.test(field));
const isPersonalOrUnknown = remembered((field) => !SEALED_FIELD.test(field) || PERSONAL_FIELD.test(field));

/** Field names repeat in every event; the few that do not are looked at each time. */
function remembered(test: FieldTest): FieldTest {
  const known = new Map<string, boolean>();
  return (field) => {
    const found = known.get(field);
    if (found !== undefined) return found;
    const verdict = test(field);
    if (known.size < 5_000) known.set(field, verdict);
    return verdict;
  };
}

export function splitEvent(event: AuditEvent): SplitEvent {
  // What the vocabulary calls erasable keeps only known harmless fields sealed; elsewhere only known personal ones go.
  const isPersonal = getAction(event.action).erasable ? isPersonalOrUnknown : isKnownPersonal;

  const refs = refsOf(event);
  const isErasable = (name: string, value: JsonValue) => isPersonal(name) || holdsPersonal(value, isPersonal);
  const payload = partition(event.source.payload, isErasable);
  const sealedChanges: Change[] = [];
  const erasableChanges: Change[] = [];
  for (const change of event.changes) {
    const goes = isErasable(change.field, change.before) || isErasable(change.field, change.after);
    (goes ? erasableChanges : sealedChanges).push(change);
  }

  return {
    sealedPayload: payload.sealed,
    sealedChanges,
    actor: side(refs.actor, {
      ip: event.ip,
      name: event.actor.name,
      peer: event.peer === event.ip ? null : event.peer,
      session: event.session,
      user_agent: event.userAgent,
      whmcs_ip: event.whmcsIp === event.ip ? null : event.whmcsIp,
    }),
    subject: side(refs.subject, {
      changes: erasableChanges.length === 0 ? null : (erasableChanges as unknown as JsonValue),
      label: event.target.label,
      payload: payload.erasable,
      reason: event.reason,
    }),
  };
}

/** The members that stay and those that can be erased, null where there are none; an object that stays whole is not copied. */
function partition(
  object: JsonObject,
  isErasable: (name: string, value: JsonValue) => boolean,
): { readonly sealed: JsonObject; readonly erasable: JsonObject | null } {
  const sealed: [string, JsonValue][] = [];
  const erasable: [string, JsonValue][] = [];
  for (const name of Object.keys(object)) {
    const value = object[name] as JsonValue;
    (isErasable(name, value) ? erasable : sealed).push([name, value]);
  }
  if (erasable.length === 0) return { sealed: object, erasable: null };
  return {
    sealed: Object.fromEntries(sealed),
    erasable: sealed.length === 0 ? object : Object.fromEntries(erasable),
  };
}

/** What is null is left out, so that an erased value and one that never was do not look alike. Names are ours. */
function side(ref: string, all: Readonly<Record<string, JsonValue>>): ErasableValues | null {
  const values: Record<string, JsonValue> = {};
  let isEmpty = true;
  for (const name in all) {
    const value = all[name] as JsonValue;
    if (value === null) continue;
    values[name] = value;
    isEmpty = false;
  }
  return isEmpty ? null : { ref, values };
}

function holdsPersonal(value: JsonValue, isPersonal: FieldTest): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return value.some((item: JsonValue) => holdsPersonal(item, isPersonal));
  const object = value as JsonObject;
  return Object.keys(object).some((name) => isPersonal(name) || holdsPersonal(object[name] as JsonValue, isPersonal));
}
