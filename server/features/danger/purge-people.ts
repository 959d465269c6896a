import type { Ledger } from '../../entries/entry-store';
import { isSamePerson, type PurgePerson } from '../../core/purge-request';
import type { LedgerFact, LedgerFacts } from '../../entries/ledger-facts';

/** Who could confirm a purge, and when they last showed who they are: by the sign-ins in the chain, never by a table. */
export interface PurgePeople {
  /** Those with the right to purge who signed in by a link within 90 days, besides one. */
  others(ledger: Ledger, besides: PurgePerson): Promise<PurgePerson[]>;
  /** When somebody last signed in by a link, behind an entry (ms); undefined where they did not. */
  lastSignIn(ledger: Ledger, person: PurgePerson, afterSeq: number): Promise<number | undefined>;
}

interface PeopleDeps {
  readonly facts: LedgerFacts;
  /** Whether a role, as sign-ins record it, may purge now: a built-in one, or the name of a custom one of the tenant. */
  readonly mayPurge: (tenantId: number, role: string) => Promise<boolean>;
  readonly now: () => Date;
}

const SEEN_MS = 90 * 86_400_000;

export function createPurgePeople({ facts, mayPurge, now }: PeopleDeps): PurgePeople {
  return {
    async others(ledger, besides) {
      const receivedFrom = now().getTime() - SEEN_MS;
      const logins = (await facts.read(ledger, ['audit.login'], { receivedFrom })).filter(isByLink);
      const able = new Map(logins.map((login) => [login.actor.id ?? '', login]));
      const roles = [...new Set([...able.values()].flatMap(({ actor }) => actor.role ?? []))];
      const purging = new Set<string | null>();
      for (const role of roles) if (await mayPurge(ledger.tenant.id, role)) purging.add(role);
      return [...able.values()]
        .filter(({ actor }) => purging.has(actor.role))
        .map(personOf)
        .filter((person) => !isSamePerson(person, besides));
    },
    async lastSignIn(ledger, person, afterSeq) {
      const logins = (await facts.read(ledger, ['audit.login'], { afterSeq })).filter(isByLink);
      const own = logins.filter((login) => personOf(login).ref === person.ref);
      return own.length === 0 ? undefined : Math.max(...own.map(({ receivedAt }) => Date.parse(receivedAt ?? '')));
    },
  };
}

/** Inside the billing system nobody signs in here: its bridge vouches for them. */
function isByLink({ isSound, payload, actor }: LedgerFact): boolean {
  return isSound && actor.type === 'admin' && actor.id !== null && payload['bridge'] === undefined;
}

/** Who signs in by a link is known by their name alone. */
function personOf({ actor }: LedgerFact): PurgePerson {
  return { ref: `${actor.type}:${actor.id ?? ''}`, name: actor.id ?? '' };
}
