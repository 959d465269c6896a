/** What stays behind when a ledger is uninstalled, and what proves it. */
export interface LeftSheet {
  readonly ledger: string;
  readonly tenant: string;
  /** RFC 3339. */
  readonly uninstalled_at: string;
  readonly asked_by: string;
  readonly confirmed_by: string;
  readonly entries_purged_through: number;
  /** How many were revoked or ended. */
  readonly bridges: number;
  readonly tokens: number;
  readonly sessions: number;
  /** Of the last checkpoint; the root in hex. */
  readonly size: number;
  readonly root: string;
  readonly origin: string;
  /** The whole signed note. */
  readonly checkpoint: string;
  readonly vkeys: readonly string[];
  /** Files. */
  readonly archives: readonly string[];
  readonly master_key: { readonly file: string; readonly fingerprint: string };
  /** Without credentials. */
  readonly store: string;
  readonly data_folder: string;
}

export function leftAsText(sheet: LeftSheet): string {
  const sections: readonly (readonly [string, readonly string[]])[] = [
    [
      'What was done',
      [
        `Ledger ${sheet.ledger} of tenant ${sheet.tenant} was uninstalled at ${sheet.uninstalled_at}.`,
        `Asked by ${sheet.asked_by}, confirmed by ${sheet.confirmed_by}.`,
        `Entries up to #${sheet.entries_purged_through} were purged. Revoked: ${sheet.bridges} bridges, ${sheet.tokens} API tokens. Ended: ${sheet.sessions} sessions.`,
      ],
    ],
    [
      'What proves it',
      [
        `The ledger had ${sheet.size} entries. The root of its Merkle tree is`,
        `  ${sheet.root}`,
        'This checkpoint says so, signed. Keep it where nobody of yours can change it:',
        '',
        ...sheet.checkpoint
          .trimEnd()
          .split('\n')
          .map((line) => `  ${line}`),
        '',
        'It verifies with:',
        ...sheet.vkeys.map((vkey) => `  ${vkey}`),
      ],
    ],
    [
      'What is left',
      [
        `The store ${sheet.store}: the newest entries, those that prove the purge, and the Merkle tree.`,
        `The data folder ${sheet.data_folder}: checkpoints, reports, archives and the master key.`,
        ...(sheet.archives.length === 0
          ? ['No archive was kept.']
          : ['Archives of what was purged. "sealtrail archive verify FILE" checks one, "sealtrail archive read FILE" reads it:', ...sheet.archives.map((file) => `  ${file}`)]), // prettier-ignore
        `The archives open with the master key alone. It is in ${sheet.master_key.file}; its fingerprint is`,
        `  ${sheet.master_key.fingerprint}`,
        'In the billing system: the folder modules/addons/sealtrail and the tables mod_sealtrail_*. Its page under Addon modules says what they hold when it is deactivated.',
      ],
    ],
    [
      'How to remove the rest',
      [
        '1. Deactivate the addon in the billing system. Look at what it says of events that were not delivered.',
        '2. Stop the program and remove its service.',
        '3. Copy this sheet, the archives and the master key to where you keep records. Without the key the archives cannot be read.',
        '4. Then remove the database, the data folder and the folder of the program.',
      ],
    ],
  ];
  const parts = sections.map(([title, lines]) => [title, '-'.repeat(title.length), ...lines].join('\n'));
  return `Sealtrail: what is left\n=======================\n\n${parts.join('\n\n')}\n`;
}
