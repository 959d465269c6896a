import { v7 as uuidv7 } from 'uuid';
import { aHookItem } from './builders';

/** Everything that a sender may fill with words. */
export function hostileItem(value: string): Record<string, unknown> {
  return aHookItem({
    id: uuidv7(),
    hook: 'TicketOpen',
    params: { ticketid: 7, ticketmask: value, subject: value, message: value, deptname: value, [value]: value },
    before: { subject: `was ${value}`, [value]: 'was' },
    actor: { type: 'admin', id: value.slice(0, 180), name: value, role: value, acting_as: { type: 'client', id: value.slice(0, 180), name: value } }, // prettier-ignore
    request: { peer: '203.0.113.42', headers: { 'x-forwarded-for': value.slice(0, 400) }, whmcs_ip: null, user_agent: value, via: 'ui', script: value, session: value }, // prettier-ignore
  });
}
