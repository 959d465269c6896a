import { z } from 'zod';
import { KnownError } from '../../errors';
import { isLanguage, isTimeZone, type Language } from '../../http/i18n';
import type { Mount } from '../../http/url-builder';

/** Who looks, as the billing system knows them. */
export interface BillingViewer {
  readonly adminId: string;
  readonly name: string;
  readonly role: string;
  readonly language: Language;
  readonly timeZone: string;
  /** A fingerprint of the admin's session there. */
  readonly session: string;
  /** The billing system's own form token, for the forms that we print. */
  readonly token: string;
}

/** One page that a bridge asks for on behalf of an administrator. */
export interface PageRequest {
  readonly method: 'GET' | 'POST';
  /** Path and query of ours, as in a request line. */
  readonly url: string;
  readonly form: string;
  readonly viewer: BillingViewer;
  readonly mount: Mount;
  readonly accept: string;
  readonly ifNoneMatch: string;
  /** Shown in a frame of the billing system's page, not in a window of its own. */
  readonly isFramed: boolean;
}

const text = (max: number) => z.string().max(max);
const printable = (max: number) => z.string().max(max).regex(/^[\x20-\x7e]*$/, 'must be printable ASCII'); // prettier-ignore

const viewerSchema = z
  .object({
    admin_id: z.union([z.int().positive(), z.string().regex(/^\d{1,20}$/)]),
    name: text(191),
    role: text(191).nullish(),
    language: text(64).nullish(),
    time_zone: text(64).nullish(),
    session: z.string().regex(/^[\x21-\x7e]{1,128}$/),
    token: printable(191).nullish(),
  })
  .transform((viewer): BillingViewer => ({
    adminId: String(viewer.admin_id),
    name: viewer.name === '' ? String(viewer.admin_id) : viewer.name.toWellFormed(),
    role: (viewer.role ?? '').toWellFormed(),
    language: toLanguage(viewer.language ?? ''),
    timeZone: isTimeZone(viewer.time_zone) ? viewer.time_zone : 'UTC',
    session: viewer.session,
    token: viewer.token ?? '',
  }));

const pageSchema = z
  .object({
    method: z.enum(['GET', 'POST']),
    path: z.string().regex(/^\/(?![/\\])[\x21-\x7e]{0,2000}$/).refine((path) => !/[?#\\]/.test(path)).or(z.literal('/')), // prettier-ignore
    query: z.string().regex(/^[\x21-\x7e]{0,8000}$/).default(''), // prettier-ignore
    form: z.string().default(''),
    viewer: viewerSchema,
    mount: z.object({
      // A page beside the one that shows us, never another host or a script.
      base: z.string().max(500).regex(/^\/?(?!\/)[\w.-]+(\/[\w.-]+)*\?[\w.=&-]+$/), // prettier-ignore
      path_param: z.string().regex(/^[a-z_]{1,32}$/),
    }),
    accept: printable(1000).default('text/html'),
    if_none_match: printable(500).nullish(),
    framed: z.boolean().default(false),
  })
  .transform((page): PageRequest => ({
    method: page.method,
    url: page.query === '' ? page.path : `${page.path}?${page.query}`,
    form: page.form,
    viewer: page.viewer,
    mount: { base: page.mount.base, pathParam: page.mount.path_param },
    accept: page.accept,
    ifNoneMatch: page.if_none_match ?? '',
    isFramed: page.framed,
  }));

const summarySchema = z.discriminatedUnion('of', [
  z.object({ of: z.literal('dashboard'), viewer: viewerSchema }),
  z.object({ of: z.literal('banner'), viewer: viewerSchema }),
  z.object({
    of: z.literal('client'),
    id: z.union([z.int().positive(), z.string().regex(/^\d{1,20}$/)]).transform(String),
    limit: z.int().min(1).max(50).default(50),
    viewer: viewerSchema,
  }),
]);

export type SummaryRequest = z.infer<typeof summarySchema>;

export const parsePageRequest = (body: Buffer): PageRequest => parse(pageSchema, body);
export const parseSummaryRequest = (body: Buffer): SummaryRequest => parse(summarySchema, body);

function parse<T>(schema: z.ZodType<T>, body: Buffer): T {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch (error) {
    throw new KnownError('not_json', '', { cause: error });
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new KnownError('bad_shape', `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'is not what is expected'}`);
}

/** The billing system names languages by file ("chinese-tw"); a choice made on our own pages comes as our own name. */
export function toLanguage(name: string): Language {
  if (isLanguage(name)) return name;
  const plain = name.toLowerCase().replaceAll(/[^a-z]/g, '');
  if (!/^(chinese|zh)/.test(plain)) return 'en';
  return /(tw|hk|hant|traditional|taiwan)/.test(plain) ? 'zh-TW' : 'zh-CN';
}
