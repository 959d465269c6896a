import { z } from 'zod';
import { canonicalJson, type JsonValue } from '../../core/canonical-json';

/** The form of a bundle (docs/format.md). A later one gets another name. */
export const BUNDLE_FORMAT = 'sealtrail-bundle/1';

/** Names of the files in a bundle; proofs of single entries are `proofs/<seq>.tlog-proof`. */
export const FILE = {
  entries: 'entries.ndjson',
  csv: 'entries.csv',
  openings: 'openings.ndjson',
  cover: 'proofs/cover.txt',
  checkpoint: 'checkpoint',
  vkeys: 'vkeys',
  verification: 'verification.json',
  certificate: 'certificate.pem',
  howTo: 'HOW-TO-VERIFY.txt',
  manifest: 'manifest.json',
  signature: 'manifest.p7s',
} as const;

export function proofFile(seq: number): string {
  return `proofs/${seq}.tlog-proof`;
}

const hash = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().nonnegative();

const manifest = z.object({
  format: z.literal(BUNDLE_FORMAT),
  program: z.string(),
  made_at: z.string(),
  requested_by: z.string(),
  tenant: z.string(),
  ledger: z.string(),
  selection: z.union([
    z.object({ filter: z.record(z.string(), z.string()) }),
    z.object({ entries: z.array(z.int().positive()) }),
  ]),
  sequence: z.object({ first: z.int().positive(), last: z.int().positive() }).nullable(),
  counts: z.object({ entries: count, openings: count }),
  proofs: z.enum(['files', 'cover']),
  checkpoint: z.object({ origin: z.string(), size: count, root: hash }),
  files: z.array(z.object({ name: z.string(), sha256: hash, size: count })),
});

/** What is signed. Sequence numbers and sizes are numbers; everything else as in CONTRACT. */
export type Manifest = z.infer<typeof manifest>;
export type FileFacts = Manifest['files'][number];

export function formatManifest(facts: Manifest): Buffer {
  return Buffer.from(canonicalJson(facts as unknown as JsonValue), 'utf8');
}

/** Undefined for what is no manifest of this form. */
export function parseManifest(bytes: Buffer): Manifest | undefined {
  try {
    const parsed = manifest.safeParse(JSON.parse(bytes.toString('utf8')));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
