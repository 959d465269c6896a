import { Router, type Response } from 'express';
import { KnownError } from '../../errors';
import { pageContext } from '../../http/page-locals';
import type { HelpService } from './help-service';

interface HelpDeps {
  readonly help: HelpService;
  readonly now: () => Date;
}

/** The documents that came with the program, for everybody who is signed in: they hold nothing of the ledger. */
export function createHelpRoutes({ help, now }: HelpDeps): Router {
  const router = Router();

  router.get('/help', (_req, res) => {
    const ctx = pageContext(res, now());
    res.render('help/index', { page: { title: ctx.t('help:title'), documents: help.list(ctx), changelogHref: ctx.url('/changelog') } }); // prettier-ignore
  });
  router.get('/help/:slug', (req, res) => show(req.params.slug, res));
  router.get('/changelog', (_req, res) => show('changelog', res));

  return router;

  async function show(slug: string, res: Response): Promise<void> {
    const ctx = pageContext(res, now());
    const document = await help.read(slug, ctx);
    if (!document) throw new KnownError('not_found', `no document ${slug}`);
    const headings = document.headings.filter(({ level }) => level === 2);
    const label = ctx.t(slug === 'changelog' ? 'help:cards.versions' : `help:document.${slug}`);
    res.render('help/document', { page: { ...document, label, headings, backHref: ctx.url('/help') } });
  }
}
