import { Router, type Request, type Response } from 'express';
import type { EntryStore, Ledger } from '../../entries/entry-store';
import { KnownError } from '../../errors';
import { pageContext } from '../../http/page-locals';
import type { UrlBuilder } from '../../http/url-builder';
import { sendTestMail } from '../../mail/test-mail';
import { can, needsRight } from '../access/rights';
import { actorOf, type Viewer } from '../access/viewer';
import type { MailService } from './mail-service';
import type { SentForm } from './setting-field';
import { textOf, typedSettings, typedVersion } from './settings-form';
import { GENERAL_NAMES, generalPage, MAIL_NAMES, mailPage, type MailTest } from './settings-page';
import type { SettingName } from './settings';
import { InvalidSettingsError, StaleSettingsError, type ChangedBy, type SettingsService } from './settings-service';

interface SettingsRoutesDeps {
  readonly settings: SettingsService;
  readonly mail: MailService;
  readonly store: EntryStore;
  /** From the environment: they count whatever is set. */
  readonly fixedProxies: readonly string[];
  readonly publicUrl: string;
  readonly now: () => Date;
}

/** The settings of the program itself, and of its mail. */
export function createSettingsRoutes(deps: SettingsRoutesDeps): Router {
  const { settings, mail, store, now } = deps;
  const router = Router();
  const mayRead = needsRight('settings.read');
  const mayChange = needsRight('settings.change');

  router.get('/settings', mayRead, (_request, response) => {
    response.redirect(303, urlIn(response)('/settings/general'));
  });

  router.get('/settings/general', mayRead, (request, response) => showGeneral(response, { isSaved: isSaved(request) }));
  router.post('/settings/general', mayRead, mayChange, async (request, response) => {
    const sent = await save(request, response, GENERAL_NAMES);
    if (sent) return showGeneral(response, { sent });
    response.redirect(303, urlIn(response)('/settings/general', { saved: '1' }));
  });

  router.get('/settings/mail', mayRead, (request, response) => showMail(response, { isSaved: isSaved(request) }));
  router.post('/settings/mail', mayRead, mayChange, async (request, response) => {
    const sent = await save(request, response, MAIL_NAMES);
    if (sent) return showMail(response, { sent });
    response.redirect(303, urlIn(response)('/settings/mail', { saved: '1' }));
  });
  router.post('/settings/mail/test', mayRead, mayChange, async (request, response) => {
    const ledger = await ledgerOf(response);
    // Mail is the whole installation's: who may not set it may not send by it.
    if ((await settings.view(ledger.tenant.id)).foreign.has('smtp_server'))
      throw new KnownError('missing_scope', 'the mail server belongs to the tenant default');
    await showMail(response, { test: await tryMail((textOf(formOf(request)['to']) ?? '').trim(), response) });
  });
  return router;

  /** What to show again, or undefined where all was taken. */
  async function save(
    request: Request,
    response: Response,
    names: readonly SettingName[],
  ): Promise<SentForm | undefined> {
    const form = formOf(request);
    const ledger = await ledgerOf(response);
    const { foreign } = await settings.view(ledger.tenant.id);
    const typed = typedSettings(form, names.filter((name) => !foreign.has(name) && !isFixed(name))); // prettier-ignore
    try {
      await settings.change(ledger.tenant.slug, typed, changedBy(viewerOf(response)), { version: typedVersion(form) });
      return undefined;
    } catch (error) {
      if (error instanceof InvalidSettingsError) return { typed, problems: error.problems, stale: [] };
      if (error instanceof StaleSettingsError) return { typed, problems: {}, stale: error.names };
      throw error;
    }
  }

  /** Decided by the environment: a form cannot carry it. */
  function isFixed(name: SettingName): boolean {
    const { fixedUrl, fixedFrom, fixedAlertTo } = mail.fixed;
    if (name.startsWith('smtp_')) return fixedUrl !== null;
    if (name === 'mail_from') return fixedFrom !== null;
    return name === 'alert_to' && fixedAlertTo.length > 0;
  }

  async function tryMail(to: string, response: Response): Promise<MailTest> {
    const { t } = pageContext(response, now());
    if (!/^[^\s@<>,;"]+@[^\s@<>,;"]+$/.test(to)) return { to, problem: t('settings:problem.not_address'), answer: '' };
    try {
      const answer = await sendTestMail(mail.transport, { to, by: viewerOf(response).name, url: deps.publicUrl });
      return { to, problem: '', answer: t('settings:test.sent', { to, answer: answer || '-' }) };
    } catch (error) {
      const { response: reply, message } = error as Error & { response?: string };
      return { to, problem: t('settings:test.failed', { answer: reply ?? message }), answer: '' };
    }
  }

  async function showGeneral(response: Response, { sent = null, isSaved = false }: Shown): Promise<void> {
    const facts = { ...(await factsOf(response)), sent, isSaved };
    const page = generalPage(facts, deps.fixedProxies, pageContext(response, now()));
    response.status(statusOf(sent)).render('settings/general', { page });
  }

  async function showMail(response: Response, { sent = null, isSaved = false, test = null }: Shown): Promise<void> {
    const facts = { ...(await factsOf(response)), sent, isSaved };
    const page = mailPage(facts, mail.fixed, test, pageContext(response, now()));
    response.status(test && test.problem !== '' ? 400 : statusOf(sent)).render('settings/mail', { page });
  }

  async function factsOf(response: Response) {
    const { tenant } = await ledgerOf(response);
    return { view: await settings.view(tenant.id), mayChange: can(viewerOf(response), 'settings.change') };
  }

  async function ledgerOf(response: Response): Promise<Ledger> {
    const ledger = await store.findLedger(viewerOf(response).tenant);
    if (!ledger) throw new KnownError('not_found');
    return ledger;
  }
}

interface Shown {
  readonly sent?: SentForm | null;
  readonly isSaved?: boolean;
  readonly test?: MailTest | null;
}

function statusOf(sent: SentForm | null): number {
  if (!sent) return 200;
  return sent.stale.length > 0 ? 409 : 400;
}

function isSaved(request: Request): boolean {
  return request.query['saved'] === '1';
}

function changedBy(viewer: Viewer): ChangedBy {
  return { actor: actorOf(viewer), name: viewer.name, via: 'ui' };
}

function viewerOf(response: Response): Viewer {
  return response.locals['viewer'] as Viewer;
}

function formOf(request: Request): Readonly<Record<string, unknown>> {
  return (request.body ?? {}) as Readonly<Record<string, unknown>>;
}

function urlIn(response: Response): UrlBuilder {
  return response.locals['url'] as UrlBuilder;
}
