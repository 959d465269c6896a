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
  const isErasable = ([name, value]: [string, JsonValue]) => isPersonal(name) || holdsPersonal(value, isPersonal);
  const payload = Object.entries(event.source.payload);
  const erasablePayload = payload.filter(isErasable);
  const isErasableChange = ({ field, before, after }: Change) =>
    isErasable([field, before]) || isErasable([field, after]);
  const erasableChanges = event.changes.filter(isErasableChange);

  return {
    sealedPayload: Object.fromEntries(payload.filter((pair) => !isErasable(pair))),
    sealedChanges: event.changes.filter((change) => !isErasableChange(change)),
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
      payload: erasablePayload.length === 0 ? null : Object.fromEntries(erasablePayload),
      reason: event.reason,
    }),
  };
}

/** Undefined values are left out, so that an erased value and one that never was do not look alike. */
function side(ref: string, values: Record<string, JsonValue>): ErasableValues | null {
  const present = Object.entries(values).filter(([, value]) => value !== null);
  return present.length === 0 ? null : { ref, values: Object.fromEntries(present) };
}

function holdsPersonal(value: JsonValue, isPersonal: (field: string) => boolean): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return value.some((item: JsonValue) => holdsPersonal(item, isPersonal));
  return Object.entries(value).some(([name, inner]) => isPersonal(name) || holdsPersonal(inner, isPersonal));
}
