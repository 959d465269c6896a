import type { Anchor, Copy } from './anchor';
import { addLines } from './destinations/witness';

/** A copy as files that stock tools read: the note, signed by the witness too where one did, and a time-stamp response. */
export function copyFiles(
  { kind }: Pick<Anchor, 'kind'>,
  copy: Copy,
): { readonly name: string; readonly content: Buffer }[] {
  const cosigned = kind === 'witness' && copy.state === 'taken' ? addLines(copy.note, copy.answer ?? '') : undefined;
  const note = { name: `${copy.size}.checkpoint.txt`, content: Buffer.from(cosigned ?? copy.note, 'utf8') };
  const stamp = kind === 'tsa' && copy.state === 'taken' ? [Buffer.from(copy.answer ?? '', 'base64')] : [];
  return [note, ...stamp.map((content) => ({ name: `${copy.size}.checkpoint.tsr`, content }))];
}
