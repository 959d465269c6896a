import { randomBytes, randomInt } from 'node:crypto';
import { tokenNumber } from '../../../core/search-tokens';

/** Words of entries as sums by block. */
export interface WordSums {
  readonly blocks: ReadonlyMap<number, { words: number; readonly sums: number[] }>;
  add(seq: number, word: string): void;
}

/** Sums that nobody can aim at: their moduli, and what is put before each word, are drawn for each check. */
export function createWordSums(size: number) {
  const salt = randomBytes(8).toString('hex');
  const moduli = [drawPrime(), drawPrime()];

  function empty(): WordSums {
    const blocks = new Map<number, { words: number; sums: number[] }>();
    return {
      blocks,
      add(seq, word) {
        const key = seq - (seq % size);
        const block = blocks.get(key) ?? { words: 0, sums: moduli.map(() => 0) };
        blocks.set(key, block);
        const number = tokenNumber(`${salt}${word}`);
        block.words += 1;
        moduli.forEach((modulus, i) => {
          block.sums[i] = (block.sums[i] ?? 0) + (number % modulus) * ((seq % size) + 1);
        });
      },
    };
  }

  /** First sequence numbers of the blocks that are not the same. */
  function difference(a: WordSums, b: WordSums): number[] {
    const isSame = (block: number) => {
      const [one, other] = [a.blocks.get(block), b.blocks.get(block)];
      return one !== undefined && other !== undefined && one.words === other.words && one.sums.every((sum, i) => sum === other.sums[i]); // prettier-ignore
    };
    return [...new Set([...a.blocks.keys(), ...b.blocks.keys()])].filter((block) => !isSame(block));
  }

  return { empty, difference };
}

/** Between 2^19 and 2^20: 1,024 entries of 96 words keep the sums below 2^53. */
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
