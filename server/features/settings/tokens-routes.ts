import { Router, type Response } from 'express';
import type { EntryStore } from '../../entries/entry-store';
import { KnownError } from '../../errors';
import { pageContext } from '../../http/page-locals';
import type { CredentialService } from '../access/credential-service';
import { can, needsRight } from '../access/rights';
import { SCOPES, type ApiTokenService, type ListedToken } from '../access/token-service';
import { fieldOf, fieldsOf, isConfirmed, isName, openSection } from './section';
import { tokensPage, type TokenFacts } from './tokens-page';

interface TokensDeps {
  readonly tokens: Pick<ApiTokenService, 'list'>;
  readonly credentials: CredentialService;
  readonly store: EntryStore;
  readonly now: () => Date;
}

/** API tokens of the viewer's tenant: the list, a new one, the end of one. Each change is an entry. */
export function createTokensRoutes({ tokens, credentials, store, now }: TokensDeps): Router {
  const router = Router();
  const mayRead = needsRight('settings.read');
  const mayManage = needsRight('tokens.manage');

  router.get('/settings/tokens', mayRead, (_request, response) => show(response, {}));

  router.post('/settings/tokens', mayRead, mayManage, async (request, response) => {
    const { ledger, by } = await openSection(response, store);
    const sent = { name: fieldOf(request, 'name'), scopes: fieldsOf(request, 'scopes') };
    const scopes = SCOPES.filter((scope) => sent.scopes.includes(scope));
    if (!isName(sent.name)) return show(response, { sent, problem: { what: 'name', id: null } });
    if (scopes.length === 0 || scopes.length !== sent.scopes.length) return show(response, { sent, problem: { what: 'scopes', id: null } }); // prettier-ignore
    // A page with a token that is loaded again must not make another.
    const isTaken = (await rowsOf(ledger.tenant.id)).some((row) => row.revoked_at === null && row.name === sent.name);
    if (isTaken) return show(response, { sent, problem: { what: 'name_taken', id: null } });
    const made = await credentials.createToken(ledger, sent.name, scopes, by);
    await show(response, { made: { name: sent.name, token: made.token } });
  });

  router.post('/settings/tokens/:id/revoke', mayRead, mayManage, async (request, response) => {
    const { ledger, by } = await openSection(response, store);
    const row = (await rowsOf(ledger.tenant.id)).find(({ id }) => id === request.params['id']);
    // Another tenant's is answered as one that is not there.
    if (!row) throw new KnownError('not_found');
    if (!isConfirmed(request)) return show(response, { problem: { what: 'confirm', id: row.id } });
    await credentials.revokeToken(ledger, row, by);
    response.redirect(303, pageContext(response, now()).url('/settings/tokens'));
  });

  return router;

  async function rowsOf(tenantId: number): Promise<ListedToken[]> {
    return (await tokens.list()).filter((row) => row.tenant_id === tenantId);
  }

  async function show(
    response: Response,
    shown: Partial<Pick<TokenFacts, 'made' | 'sent' | 'problem'>>,
  ): Promise<void> {
    const { viewer, ledger } = await openSection(response, store);
    const facts: TokenFacts = {
      rows: await rowsOf(ledger.tenant.id),
      mayManage: can(viewer, 'tokens.manage'),
      made: null,
      sent: null,
      problem: null,
      ...shown,
    };
    response.status(facts.problem ? 400 : 200).render('settings/tokens', { page: tokensPage(facts, pageContext(response, now())) }); // prettier-ignore
  }
}
