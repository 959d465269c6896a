/** One version of the program, as CHANGELOG.md tells it. */
export interface Release {
  /** "Pending (0.1.0)" */
  readonly name: string;
  /** What its paragraphs are about, in their order: "Bridge", "Keys and bundles". */
  readonly topics: readonly string[];
}

/** Releases of a changelog, newest first: level-two headings, each paragraph led by its topic in bold. */
export function parseChangelog(text: string): Release[] {
  return text
    .replace(/\r\n/g, '\n')
    .split(/^## /m)
    .slice(1)
    .map((part) => ({
      name: part.slice(0, part.indexOf('\n') < 0 ? undefined : part.indexOf('\n')).trim(),
      topics: [...part.matchAll(/^\*\*([^*]+?)\.?\*\*/gm)].map(([, topic]) => (topic ?? '').trim()),
    }));
}
