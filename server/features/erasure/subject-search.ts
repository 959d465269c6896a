import type { Ledger } from '../../entries/entry-store';
import { parseFilter, type BrowseService, type EntryView, type RawFilter } from '../browse/browse-service';
import { SUBJECT_PATTERN } from './erase-job-service';

/** Somebody whose values entries may hold. */
export interface FoundSubject {
  readonly ref: string;
  /** A name that an entry has for them; '' where none is left. */
  readonly name: string;
  /** Found by their number or their own name, and not only in entries that hold the words. */
  readonly isNamed: boolean;
}

/** People that entries name: by number, by `client:5`, or by words of a name or an e-mail address. */
export type FindSubjects = (ledger: Ledger, text: string) => Promise<FoundSubject[]>;

const TYPES = ['client', 'user', 'admin'] as const;
/** Of the newest matches; who is not among them is found by their number. */
const LOOKED_AT = 100;
const SHOWN = 20;

export function createSubjectSearch(browse: Pick<BrowseService, 'findPage'>): FindSubjects {
  async function entriesWith(ledger: Ledger, filter: RawFilter, perPage: number): Promise<readonly EntryView[]> {
    return (await browse.findPage(ledger, { filter: parseFilter(filter), sort: '-seq', perPage, cursor: undefined, page: undefined })).entries; // prettier-ignore
  }

  async function byRef(ledger: Ledger, ref: string): Promise<FoundSubject | undefined> {
    const [type = '', ...rest] = ref.split(':');
    const id = rest.join(':');
    const filters: readonly RawFilter[] = [{ actor: ref }, { target: ref }, ...(type === 'client' ? [{ client: id }] : [])]; // prettier-ignore
    const found = (await Promise.all(filters.map((filter) => entriesWith(ledger, filter, LOOKED_AT)))).flat();
    return found.length === 0 ? undefined : { ref, name: nameIn(found, ref), isNamed: true };
  }

  return async (ledger, text) => {
    if (text === '') return [];
    if (SUBJECT_PATTERN.test(text) && !text.includes(' ')) return present([await byRef(ledger, text)]);
    if (/^\d{1,20}$/.test(text))
      return present(await Promise.all(TYPES.map((type) => byRef(ledger, `${type}:${text}`))));
    const matches = await entriesWith(ledger, { q: text }, LOOKED_AT);
    const isNamed = (name: string) => name.toLowerCase().includes(text.toLowerCase());
    const aboutThem = new Set(matches.flatMap(aboutIn));
    const people = [...new Set([...aboutThem, ...matches.flatMap(actorIn)])].map((ref) => {
      const name = nameIn(matches, ref);
      return { ref, name, isNamed: isNamed(name) };
    });
    // An entry that holds the word has an actor, too: an admin who once opened the client's invoice is not meant.
    return [...people.filter((one) => one.isNamed), ...people.filter((one) => !one.isNamed && aboutThem.has(one.ref))].slice(0, SHOWN); // prettier-ignore
  };
}

function present(found: readonly (FoundSubject | undefined)[]): FoundSubject[] {
  return found.filter((one) => one !== undefined);
}

/** Whom an entry is about: an e-mail address in it is theirs even where they go by another name. */
function aboutIn({ target, client }: EntryView): string[] {
  return [...personIn(target), ...(client === null ? [] : [`client:${client}`])];
}

function actorIn({ actor }: EntryView): string[] {
  return personIn(actor);
}

function personIn({ type, id }: { readonly type: string; readonly id: string | null }): string[] {
  return id !== null && TYPES.some((one) => one === type) ? [`${type}:${id}`] : [];
}

function nameIn(entries: readonly EntryView[], ref: string): string {
  for (const { actor, target } of entries) {
    if (`${target.type}:${target.id}` === ref && target.label) return target.label;
    if (`${actor.type}:${actor.id}` === ref && actor.name) return actor.name;
  }
  return '';
}
