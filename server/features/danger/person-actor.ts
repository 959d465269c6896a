import type { Actor } from '../../core/event';
import { SYSTEM_ACTOR } from '../../core/own-event';
import type { PurgePerson } from '../../core/purge-request';

/** A person of the chain as an actor; who has no account is Sealtrail, asked by the operator. */
export function actorOf(person: PurgePerson | null): Actor {
  const [type = '', ...id] = (person?.ref ?? '').split(':');
  if (type !== 'admin' || person === null) return SYSTEM_ACTOR;
  return { type, id: id.join(':'), name: person.name, role: null, actingAs: null };
}
