import type { Checkpoint } from '../../core/checkpoint';
import { parseOrigin } from './origin';
import type { TreeRow } from './tree-store';

/** A checkpoint that is remembered as signed, and who remembers it. */
export interface Remembered extends Checkpoint {
  readonly where: string;
}

/**
 * Why the next checkpoint of a tree would be a second history of its log, in plain English; undefined where the tree continues
 * all that was signed. `remembered` is what the memories hold, `newestOutside` the last thing signed for this store as the data
 * folder knows it. `rootAt` gives the root of the tree as it is now.
 */
export async function findSecondHistory(
  tree: TreeRow,
  remembered: readonly Remembered[],
  newestOutside: Checkpoint | undefined,
  rootAt: (size: number) => Promise<Buffer>,
): Promise<string | undefined> {
  const replaced = newestOutside && findReplaced(tree, newestOutside);
  if (replaced) return replaced;
  for (const { origin, size, root, where } of remembered) {
    if (origin !== tree.origin) continue;
    if (size > tree.size)
      return `${where}: a checkpoint over ${size} entries was signed, and the tree has ${tree.size}. Was an older copy of the database put back?`;
    if (!(await rootAt(size)).equals(root))
      return `${where}: the first ${size} entries of the tree are not those that were signed (root ${root.toString('hex')})`;
  }
  return undefined;
}

/** The data folder knows a later log of this store than the database does. */
function findReplaced(tree: TreeRow, { origin, size }: Checkpoint): string | undefined {
  const theirs = parseOrigin(origin);
  const ours = parseOrigin(tree.origin);
  if (!theirs || !ours) return undefined;
  if (theirs.base === ours.base && theirs.number > ours.number)
    return `data folder: ${origin} was begun after ${tree.origin}, and the database does not know it. Was an older copy of the database put back?`;
  // Under a later origin of its own a new store has already named the one that it replaced.
  if (theirs.base !== ours.base && ours.number === 1)
    return `data folder: this store signed ${size} entries as ${origin} before, which the database does not know. Was the database replaced?`;
  return undefined;
}
