import {
  aCaptureContext,
  anActivityLine,
  anActor,
  aHookCall,
  anEvent,
  aPlace,
  aTableChange,
} from '../testing/builders';
import { ALL_ACTIONS } from './action-catalogue';
import type { JsonObject, JsonValue } from './canonical-json';
import hookList from './catalogue/hooks.json';
import ruleList from './catalogue/rules.json';
import { classify } from './classify';
import { splitEvent } from './erasable';
import type { AuditEvent } from './event';
import type { ReportedItem } from './hook-call';
import { sealEvent } from './sealed-record';

const SALTS = Buffer.alloc(64, 9);

/** A value that could stand nowhere by chance. */
const MARK = 'PERSONAL-7f3a';
const mark = (field: string) => `${MARK} ${field}`;

/** Parameters that are personal data under every hook, whatever the action. */
const PERSONAL_FIELDS = [
  ...[
    'firstname',
    'lastname',
    'first_name',
    'fullname',
    'companyname',
    'company_name',
    'username',
    'email',
    'mail',
    'name_on_card',
  ],
  ...[
    'address',
    'address1',
    'address2',
    'city',
    'postcode',
    'zip',
    'phone',
    'phonenumber',
    'ip',
    'ipaddress',
    'ip_address',
    'host',
  ],
  ...[
    'tax_id',
    'vat',
    'birthday',
    'dob',
    'notes',
    'note',
    'message',
    'subject',
    'description',
    'reason',
    'comment',
    'title',
    'user',
  ],
  ...['client_email', 'billing.city', 'clientsdetails', 'login', 'hostname'],
];

/** Fields of the catalogue that hold ids, states, money and times: never a person's words. */
const HARMLESS = new RegExp(ruleList.sealed_fields.match, 'i');

function sealedTextOf(event: AuditEvent): string {
  return sealEvent(event, aPlace(), SALTS).record;
}

function eventsOf(item: ReportedItem): readonly AuditEvent[] {
  const classified = classify(item, aCaptureContext({ ip: mark('ip') }));
  if ('problem' in classified) throw new Error(classified.detail);
  return classified.events;
}

/** Everything that a request could tell about a person. */
const MARKED_BASE = {
  actor: anActor({ name: mark('actor name') }),
  request: {
    peer: mark('peer'),
    headers: { 'x-forwarded-for': mark('forwarded') },
    whmcsIp: mark('whmcs ip'),
    userAgent: mark('user agent'),
    via: 'ui' as const,
    script: 'clients.php',
    session: mark('session'),
  },
};

/** The fields at every depth: alone, in an object, in a list, in a list of objects. */
function markedParams(fields: readonly string[]): JsonObject {
  const flat = Object.fromEntries(fields.map((field) => [field, mark(field)]));
  return { ...flat, extra: flat, list: [flat], deeper: { list: [{ inner: [flat] }] } };
}

describe('the sealed record', () => {
  it.each(ALL_ACTIONS.map((row) => row.action))(
    'of %s holds no personal value: not from its payload, its changes, its actor or its target',
    (action) => {
      const event = anEvent({
        action,
        ...{
          ip: mark('ip'),
          peer: mark('peer'),
          whmcsIp: mark('whmcs'),
          userAgent: mark('agent'),
          session: mark('session'),
          reason: mark('reason'),
        },
        actor: MARKED_BASE.actor,
        target: { type: 'client', id: '5', label: mark('label') },
        payload: markedParams(PERSONAL_FIELDS),
        changes: PERSONAL_FIELDS.map((field) => ({ field, before: mark('before'), after: mark('after') })),
      });
      expect(sealedTextOf(event)).not.toContain(MARK);
    },
  );

  it.each(hookList.hooks.map((row) => [row.hook, row] as const))(
    'of a call of %s holds no personal value',
    (hook, row) => {
      const named = (row as { params?: string[] }).params ?? [];
      // The target's id is sealed: EmailPreSend has the name of a template there.
      const { target_param: target } = row as { target_param?: string };
      const fields = [...named.filter((field) => !HARMLESS.test(field) && field !== target), ...PERSONAL_FIELDS];
      const erasable = ALL_ACTIONS.find((one) => one.action === row.action)?.erasable === true;
      const params = markedParams(erasable ? fields : PERSONAL_FIELDS);
      const before = Object.fromEntries(PERSONAL_FIELDS.map((field) => [field, `${MARK} before ${field}`]));
      for (const event of eventsOf(aHookCall({ ...MARKED_BASE, hook, params, before })))
        expect(sealedTextOf(event)).not.toContain(MARK);
    },
  );

  it.each(Object.keys(ruleList.tables))('of a change in %s holds no personal value', (table) => {
    const row = (word: string) =>
      Object.fromEntries(PERSONAL_FIELDS.map((field) => [field, `${MARK} ${word} ${field}`]));
    for (const [before, after] of [
      [null, row('new')],
      [row('old'), row('new')],
      [row('old'), null],
    ] as const) {
      const item = aTableChange({ ...MARKED_BASE, table, key: '7', before, after });
      for (const event of eventsOf(item)) expect(sealedTextOf(event)).not.toContain(MARK);
    }
  });

  it.each([
    'Failed Login Attempt for Admin',
    'Failed API Login',
    'Failed Login',
    'Module Create Failed',
    'Email sent to',
  ])('of an activity line (%s) holds nothing of its text', (text) => {
    const item = anActivityLine({
      ...MARKED_BASE,
      text: `${text} ${MARK}`,
      params: { user: mark('user'), ipaddress: mark('ip'), userid: 5 },
    });
    for (const event of eventsOf(item)) expect(sealedTextOf(event)).not.toContain(MARK);
  });

  it('holds no personal value that a changed field carries inside an object', () => {
    const event = anEvent({
      action: 'service.updated',
      changes: [{ field: 'customfields', before: { email: mark('old') }, after: [{ note: mark('new') }] }],
    });
    expect(sealedTextOf(event)).not.toContain(MARK);
  });

  it("holds no part of a client's address: the state is one", () => {
    const event = anEvent({
      action: 'client.created',
      payload: { client_id: 5, state: mark('state') },
      changes: [{ field: 'state', before: mark('old'), after: mark('new') }],
    });
    expect(sealedTextOf(event)).not.toContain(MARK);
  });
});

describe('splitEvent', () => {
  it('loses nothing: every parameter and every change stands on one side, and on one only', () => {
    const payload = { ...markedParams(PERSONAL_FIELDS), userid: 5, status: 'Active', amount: '10.00', unheard_of: 'x' };
    const changes = [...PERSONAL_FIELDS, 'status', 'amount'].map((field) => ({ field, before: 'a', after: 'b' }));
    for (const { action } of ALL_ACTIONS) {
      const event = anEvent({ action, payload, changes });
      const { sealedPayload, sealedChanges, subject } = splitEvent(event);
      const erasable = (subject?.values ?? {}) as { payload?: JsonObject; changes?: JsonValue[] };
      expect({ ...sealedPayload, ...erasable.payload }).toEqual(payload);
      expect(Object.keys(sealedPayload).filter((name) => name in (erasable.payload ?? {}))).toEqual([]);
      expect(sealedChanges.length + (erasable.changes ?? []).length).toBe(changes.length);
    }
  });

  it('seals the facts of an invoice in the clear, so that erasing a person does not touch the books', () => {
    const payload = { invoiceid: 123, total: '10.00', paymentmethod: 'paypal', status: 'Paid' };
    expect(splitEvent(anEvent({ action: 'invoice.paid', payload }))).toMatchObject({
      sealedPayload: payload,
      subject: null,
    });
  });

  it('names the actor and the client as the two subjects', () => {
    const split = splitEvent(anEvent({ action: 'client.updated', client: '5', payload: { email: 'a@x' } }));
    expect([split.actor?.ref, split.subject?.ref]).toEqual(['admin:7', 'client:5']);
  });

  it('names the target where no client is touched', () => {
    const target = { type: 'ticket', id: '88', label: 'x' };
    expect(splitEvent(anEvent({ action: 'ticket.opened', client: null, target })).subject?.ref).toBe('ticket:88');
  });

  it('keeps an address once, when peer, WHMCS and we say the same', () => {
    expect(
      splitEvent(anEvent({ ip: '1.2.3.4', peer: '1.2.3.4', whmcsIp: '1.2.3.4' })).actor?.values,
    ).not.toHaveProperty('peer');
    expect(splitEvent(anEvent({ ip: '1.2.3.4', peer: '10.0.0.1', whmcsIp: '10.0.0.1' })).actor?.values).toMatchObject({
      peer: '10.0.0.1',
      whmcs_ip: '10.0.0.1',
    });
  });

  it('leaves out what never was, so that it does not look erased', () => {
    const nobody = anActor({ type: 'unknown', id: null, name: null, role: null });
    const event = anEvent({ actor: nobody, ip: null, peer: null, whmcsIp: null, userAgent: null, session: null });
    expect(splitEvent(event)).toMatchObject({ actor: null, subject: null });
  });

  it('keeps a member called __proto__ on the side where it belongs', () => {
    const payload = JSON.parse('{"__proto__":{"email":"a@x"},"userid":5}') as JsonObject;
    const { sealedPayload, subject } = splitEvent(anEvent({ action: 'client.updated', payload }));
    expect(JSON.stringify(sealedPayload)).toBe('{"userid":5}');
    expect(JSON.stringify(subject?.values['payload'])).toBe('{"__proto__":{"email":"a@x"}}');
  });
});
