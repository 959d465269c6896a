import type { EpochView } from './key-service';

/** What stands on the sheet. */
export interface SheetFacts {
  readonly printedAt: string;
  readonly publicUrl: string;
  /** Without credentials. */
  readonly store: string;
  readonly masterKeyFile: string;
  readonly fingerprint: string;
  /** Base64, as in the key file; only where it was asked for. */
  readonly masterKey: string | null;
  readonly ledgers: readonly {
    readonly name: string;
    readonly epochs: readonly EpochView[];
    readonly vkeys: readonly string[];
  }[];
  /** SHA-256 of the topmost certificate of bundles. */
  readonly rootFingerprint: string;
}

interface Section {
  readonly title: string;
  /** A line that begins with two blanks is shown as it stands. */
  readonly lines: readonly string[];
}

const TITLE = 'Sealtrail recovery sheet';

/** A page to print and lock away: what must not be lost, how to tell that it is the right one, and what to do with it. */
export function sheetAsText(facts: SheetFacts): string {
  const parts = sectionsOf(facts).map(({ title, lines }) => [title, '-'.repeat(title.length), ...lines].join('\n'));
  return `${TITLE}\n${'='.repeat(TITLE.length)}\n\n${parts.join('\n\n')}\n`;
}

/** The same as a page that needs nothing besides itself. */
export function sheetAsHtml(facts: SheetFacts): string {
  const parts = sectionsOf(facts).map(({ title, lines }) => {
    const body = lines.map((line) => (line.startsWith('  ') ? `<pre>${escape(line.trim())}</pre>` : `<p>${escape(line)}</p>`)); // prettier-ignore
    return `<section><h2>${escape(title)}</h2>${body.join('')}</section>`;
  });
  const style =
    'body{font:11pt/1.4 serif;max-width:42em;margin:2em auto}pre{font:10pt/1.3 monospace;margin:.2em 1em;white-space:pre-wrap;overflow-wrap:anywhere}h2{font-size:1.1em;margin:1.2em 0 .2em;border-bottom:1px solid}p{margin:.3em 0}section{break-inside:avoid}';
  return `<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>${TITLE}</title><style>${style}</style></head>\n<body><h1>${TITLE}</h1>\n${parts.join('\n')}\n</body></html>\n`;
}

function sectionsOf(facts: SheetFacts): Section[] {
  return [
    {
      title: 'Which installation',
      lines: [`  ${facts.publicUrl}`, `  store ${facts.store}`, `  printed ${facts.printedAt}`],
    },
    {
      title: 'The master key',
      lines: [
        `Everything hangs on 32 bytes in the file ${facts.masterKeyFile}. Without them nothing can be verified or continued, and nobody can make them again.`,
        `Keep one copy away from the machine and away from the backups of the database: whoever has both can forge the trail.`,
        `  fingerprint ${facts.fingerprint}`,
        ...(facts.masterKey === null
          ? ['The key itself is not on this sheet. It is, when it is printed with --with-master-key.']
          : ['This sheet holds the key. Treat it as the key.', `  ${facts.masterKey}`]),
      ],
    },
    ...facts.ledgers.map(({ name, epochs, vkeys }): Section => ({
      title: `Ledger ${name}`,
      lines: [
        'Check values of its chain keys, to tell a wrong key from changed entries:',
        ...epochs.map(epochLine),
        'Keys that verify its checkpoints. Give them to your auditor, on paper:',
        ...vkeys.map((vkey) => `  ${vkey}`),
      ],
    })),
    {
      title: 'Signed bundles',
      lines: [
        'SHA-256 of the certificate that bundles lead to. Your auditor compares it:',
        `  ${facts.rootFingerprint}`,
      ],
    },
    {
      title: 'How to restore',
      lines: [
        '1. Install the program, put the database back, and set SEALTRAIL_DATABASE_URL.',
        '2. Write the key (44 characters, one line) into the file that SEALTRAIL_MASTER_KEY_FILE names, mode 0600.',
        '3. Run these. The fingerprint and the check values must be those on this sheet:',
        '  sealtrail doctor',
        '  sealtrail keys list',
        '4. Compare with the last checkpoint that lies elsewhere:',
        '  sealtrail verify --expect-checkpoint FILE',
        'A wrong key gives "cannot tell" and changes nothing. Never run "sealtrail init" over a store that had a key.',
      ],
    },
    {
      title: 'If somebody may have seen the key',
      lines: ['Do at once what docs/operating.md says under "A suspected leak". Print this sheet again afterwards.'],
    },
  ];
}

function epochLine({ epoch, state, check_value, first_seq, last_seq }: EpochView): string {
  const span = last_seq === null ? `from entry ${first_seq}` : `entries ${first_seq} to ${last_seq}`;
  return `  epoch ${epoch}  ${check_value ?? '(not known yet)'}  ${span}  ${state}`;
}

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (char) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[char] ?? char);
}
