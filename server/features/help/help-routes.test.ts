import path from 'node:path';
import express from 'express';
import request from 'supertest';
import { KnownError } from '../../errors';
import { createI18n, createLanguageChoice, LANGUAGES } from '../../http/i18n';
import { createPageLocals } from '../../http/page-locals';
import { createUrlBuilder } from '../../http/url-builder';
import { PROGRAM_ROOT } from '../../root';
import { createHelpRoutes } from './help-routes';
import { createHelpService } from './help-service';

function createPages(basePath = '/') {
  const help = createHelpService({ version: '0.1.0', manifest: {}, findSupportUrl: () => Promise.resolve(null) });
  const app = express();
  app.set('views', path.join(PROGRAM_ROOT, 'views')).set('view engine', 'ejs').set('query parser', 'simple');
  app.use(createLanguageChoice(createI18n()), createPageLocals({ url: createUrlBuilder(basePath) }));
  app.use(createHelpRoutes({ help, now: () => new Date('2026-11-21T04:00:00Z') }));
  const showCode: express.ErrorRequestHandler = (error, _req, res, next) =>
    error instanceof KnownError ? void res.status(error.status).send(error.code) : next(error);
  return app.use(showCode);
}

describe.each(LANGUAGES)('in %s', (language) => {
  it.each(['/help', '/help/readme', '/help/schema', '/changelog'])(
    '%s has no inline code or style',
    async (address) => {
      const { text } = await request(createPages())
        .get(address)
        .set('cookie', `sealtrail_lang=${language}`)
        .expect(200);
      const inline = /<script>|<img|<script(?! src=)|<[^>]*\s(?:style|on[a-z]+)=|<style|href="javascript:/gi;
      expect([...(text.match(inline) ?? []), ...(text.match(/\b(?:help|common|errors):[a-z_]+/g) ?? [])]).toEqual([]);
      expect(text).toContain(`<html lang="${language}">`);
      // The documents are in English, whatever the page is in.
      if (address !== '/help') expect(text).toContain('<article class="help-document" lang="en">');
    },
  );
});

it('has no page of a document that is not shipped', async () => {
  for (const slug of ['nothing', 'changelog.md', '..%2Fpackage.json', '%2e%2e%2f.env'])
    expect((await request(createPages()).get(`/help/${slug}`).expect(404)).text).toBe('not_found');
});

it('writes no address itself, so that the pages can live under another', async () => {
  for (const address of ['/help', '/help/operating', '/changelog']) {
    const { text } = await request(createPages('/admin/sealtrail')).get(address).expect(200);
    const addresses = [...text.matchAll(/(?:href|src|action)="([^"]*)"/g)].map(([, value]) => value ?? '');
    expect(addresses.filter((value) => !/^(\/admin\/sealtrail\/|#|https:\/\/)/.test(value))).toEqual([]);
  }
});
