import type { PageContext } from '../../http/page-context';
import { CHANGELOG, DOCUMENTS, readDocument, type ShippedDocument } from './documents';
import { parseChangelog } from './parse-changelog';
import { renderMarkdown, type RenderedDocument } from './render-markdown';
import { supportHref } from './support-href';

interface HelpLink {
  readonly label: string;
  readonly href: string;
}

/** The cards of the dashboard that tell about the program itself. */
export interface HelpCards {
  readonly quickStart: readonly HelpLink[];
  readonly allHref: string;
  readonly version: string;
  readonly releases: readonly { readonly name: string; readonly topics: string }[];
  readonly changelogHref: string;
  /** Where to ask for help; null where the operator named no place and the program has none. */
  readonly supportHref: string | null;
}

export interface HelpService {
  cards(tenantId: number, ctx: PageContext): Promise<HelpCards>;
  list(ctx: PageContext): readonly (HelpLink & { readonly about: string })[];
  /** Undefined for a document that there is not. */
  read(slug: string, ctx: PageContext): Promise<RenderedDocument | undefined>;
}

interface HelpDeps {
  readonly version: string;
  /** What package.json says of itself. */
  readonly manifest: unknown;
  /** The tenant's setting. */
  readonly findSupportUrl: (tenantId: number) => Promise<string | null>;
}

/** Where somebody new begins: a text of ours, and the heading of the document that it leads to. */
const QUICK_START = [
  ['install', 'readme', 'install-it-for-a-billing-system'],
  ['pair', 'operating', 'pairing-and-a-new-secret'],
  ['verify', 'operating', 'verifying'],
  ['backup', 'operating', 'backup'],
  ['outside', 'operating', 'checkpoints-outside'],
  ['bundle', 'readme', 'hand-an-auditor-a-bundle'],
] as const;
const SHOWN_RELEASES = 3;

export function createHelpService({ version, manifest, findSupportUrl }: HelpDeps): HelpService {
  return {
    async cards(tenantId, { t, url }) {
      const releases = parseChangelog((await readDocument(CHANGELOG)) ?? '');
      return {
        quickStart: QUICK_START.map(([name, slug, anchor]) => ({ label: t(`help:start.${name}`), href: `${url(`/help/${slug}`)}#${anchor}` })), // prettier-ignore
        allHref: url('/help'),
        version,
        releases: releases.slice(0, SHOWN_RELEASES).map(({ name, topics }) => ({ name, topics: topics.join(' · ') })),
        changelogHref: url('/changelog'),
        supportHref: supportHref(await findSupportUrl(tenantId), manifest),
      };
    },

    list: ({ t, url }) =>
      DOCUMENTS.map(({ slug }) => ({
        label: t(`help:document.${slug}`),
        about: t(`help:about.${slug}`),
        href: url(`/help/${slug}`),
      })),

    async read(slug, ctx) {
      const document = [...DOCUMENTS, CHANGELOG].find((one) => one.slug === slug);
      const text = document && (await readDocument(document));
      return document && text !== undefined ? renderMarkdown(text, document.file, linkTo(ctx)) : undefined;
    },
  };
}

function linkTo({ url }: PageContext): (file: string, anchor: string) => string | null {
  return (file, anchor) => {
    const found = [...DOCUMENTS, CHANGELOG].find((one: ShippedDocument) => one.file === file);
    if (!found) return null;
    const address = url(found === CHANGELOG ? '/changelog' : `/help/${found.slug}`);
    return anchor === '' ? address : `${address}#${anchor}`;
  };
}
