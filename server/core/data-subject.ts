/** The two data subjects whose values an entry may hold: who acted, and whom it is about. */
export const SIDES = ['actor', 'subject'] as const;
export type Side = (typeof SIDES)[number];

/** Whom an entry names at either side, whether or not it holds values of theirs. */
export function refsOf(record: {
  readonly actor: { readonly type: string; readonly id: string | null };
  readonly client: string | null;
  readonly target: { readonly type: string; readonly id: string | null };
}): Record<Side, string> {
  const { actor, client, target } = record;
  return {
    actor: `${actor.type}:${actor.id ?? ''}`,
    subject: client === null ? `${target.type}:${target.id ?? ''}` : `client:${client}`,
  };
}
