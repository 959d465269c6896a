import { randomInt } from 'node:crypto';
import type { Knex } from 'knex';
import { tokenNumber } from '../../../core/search-tokens';
import type { Break } from '../../../core/verify';
import type { Database } from '../../../db/connection';
import { readSnapshot } from '../../../db/snapshot';
import type { EntryReader } from '../../../entries/entry-reader';
import type { Ledger } from '../../../entries/entry-store';
import { tokensOf } from '../../browse/search-index-service';

const BLOCK = 1_024;
/** Broken blocks that are looked at entry by entry; each costs a pass over the index. */
const MAX_NAMED_BLOCKS = 5;

/** Tokens of a block of entries, as sums that nobody can aim at: the moduli are drawn for each check. */
interface BlockSum {
  readonly tokens: number;
  readonly sums: readonly number[];
}

interface Sums {
  readonly moduli: readonly number[];
  /** By first sequence number of the block. */
  readonly blocks: ReadonlyMap<number, BlockSum>;
}

/**
 * Compares the search index with the words of the entries that it covers: an entry whose words were taken out is never found.
 * The database sums up its tokens in one pass, so that nothing has to be read twice.
 */
export async function checkSearchIndex(database: Database, store: EntryReader, ledger: Ledger): Promise<Break[]> {
  return readSnapshot(database, async (trx) => {
    const select = (sql: string, bindings: readonly (string | number)[]) => database.dialect.selectArrays(trx, sql, bindings); // prettier-ignore
    const [position] = await select(`SELECT seq FROM consumers WHERE name = 'search' AND ledger_id = ?`, [ledger.id]);
    const covered = Number(position?.[0] ?? 0);
    const moduli = [drawPrime(), drawPrime()];
    const kept = await sumKept(select, ledger, moduli);
    const expected = await sumExpected(store, trx, ledger, { moduli, upTo: covered });
    const broken = [...new Set([...kept.blocks.keys(), ...expected.blocks.keys()])].filter(
      (block) => !isSame(kept.blocks.get(block), expected.blocks.get(block)),
    );
    const breaks: Break[] = [];
    for (const block of broken.slice(0, MAX_NAMED_BLOCKS))
      breaks.push(...(await nameBlock(select, store, trx, ledger, { block, upTo: covered })));
    const rest = broken.slice(MAX_NAMED_BLOCKS);
    if (rest.length > 0)
      breaks.push(breakAt(rest[0] ?? 0, `differs in ${rest.length * BLOCK} more entries, from this one on`));
    return breaks;
  });
}

type Select = (sql: string, bindings: readonly (string | number)[]) => Promise<unknown[][]>;

async function sumKept(select: Select, ledger: Ledger, moduli: readonly number[]): Promise<Sums> {
  const sums = moduli.map((modulus) => `SUM((token % ${modulus}) * (seq % ${BLOCK} + 1))`).join(', ');
  const rows = await select(
    `SELECT seq - seq % ${BLOCK} AS block, COUNT(*), ${sums} FROM entry_tokens WHERE ledger_id = ? GROUP BY block`,
    [ledger.id],
  );
  const blocks = rows.map(([block, tokens, ...totals]) => [Number(block), { tokens: Number(tokens), sums: totals.map(Number) }] as const); // prettier-ignore
  return { moduli, blocks: new Map(blocks) };
}

async function sumExpected(
  store: EntryReader,
  trx: Knex.Transaction,
  ledger: Ledger,
  { moduli, upTo }: { readonly moduli: readonly number[]; readonly upTo: number },
): Promise<Sums> {
  const blocks = new Map<number, BlockSum>();
  for (let from = 1; from <= upTo;) {
    const rows = await store.readRange(ledger, { fromSeq: from, toSeq: upTo, limit: BLOCK }, trx);
    for (const row of rows) {
      const block = row.seq - (row.seq % BLOCK);
      const numbers = [...tokensOf(row)].map(tokenNumber);
      const before = blocks.get(block) ?? { tokens: 0, sums: moduli.map(() => 0) };
      const weight = (row.seq % BLOCK) + 1;
      blocks.set(block, {
        tokens: before.tokens + new Set(numbers).size,
        sums: moduli.map((modulus, i) => [...new Set(numbers)].reduce((sum, token) => sum + (token % modulus) * weight, before.sums[i] ?? 0)), // prettier-ignore
      });
    }
    const last = rows.at(-1);
    if (!last) break;
    from = last.seq + 1;
  }
  return { moduli, blocks };
}

async function nameBlock(
  select: Select,
  store: EntryReader,
  trx: Knex.Transaction,
  ledger: Ledger,
  { block, upTo }: { readonly block: number; readonly upTo: number },
): Promise<Break[]> {
  const kept = new Map<number, Set<number>>();
  const range = [ledger.id, block, block + BLOCK - 1];
  for (const [seq, token] of await select(
    'SELECT seq, token FROM entry_tokens WHERE ledger_id = ? AND seq BETWEEN ? AND ?',
    range,
  ))
    // prettier-ignore
    kept.set(Number(seq), (kept.get(Number(seq)) ?? new Set()).add(Number(token)));
  const toSeq = Math.min(upTo, block + BLOCK - 1);
  const rows = await store.readRange(ledger, { fromSeq: Math.max(1, block), toSeq, limit: BLOCK }, trx);
  const breaks: Break[] = [];
  for (const row of rows) {
    const words = new Set([...tokensOf(row)].map(tokenNumber));
    const tokens = kept.get(row.seq) ?? new Set<number>();
    kept.delete(row.seq);
    const lost = [...words].filter((word) => !tokens.has(word)).length;
    const foreign = [...tokens].filter((token) => !words.has(token)).length;
    if (lost + foreign > 0)
      breaks.push(breakAt(row.seq, `${lost} of the entry's ${words.size} words are missing, ${foreign} are not its own`)); // prettier-ignore
  }
  for (const [seq, tokens] of kept)
    breaks.push(breakAt(seq, `has ${tokens.size} words for an entry that is not there`));
  return breaks;
}

function isSame(a: BlockSum | undefined, b: BlockSum | undefined): boolean {
  if (!a || !b) return (a?.tokens ?? 0) === (b?.tokens ?? 0);
  return a.tokens === b.tokens && a.sums.every((sum, i) => sum === b.sums[i]);
}

function breakAt(seq: number, detail: string): Break {
  return { seq, id: null, kind: 'projection', detail: `search index: ${detail}`, receivedAt: null };
}

/** Between 2^19 and 2^20: 1,024 entries of 96 tokens keep the sums below 2^53. */
function drawPrime(): number {
  for (;;) {
    const candidate = randomInt(2 ** 19, 2 ** 20);
    if (isPrime(candidate)) return candidate;
  }
}

function isPrime(value: number): boolean {
  for (let divisor = 2; divisor * divisor <= value; divisor += 1) if (value % divisor === 0) return false;
  return value > 1;
}
