import { Router, type Request, type Response } from 'express';
import type { EntryStore } from '../../entries/entry-store';
import { KnownError } from '../../errors';
import { pageContext } from '../../http/page-locals';
import type { BridgeRow, BridgeService } from '../access/bridge-service';
import type { CredentialService } from '../access/credential-service';
import { can, needsRight } from '../access/rights';
import type { BridgeWatch } from '../monitor/bridge-watch-service';
import { bridgesPage, type BridgeFacts } from './bridges-page';
import { fieldOf, isConfirmed, isName, openSection } from './section';

interface BridgesDeps {
  readonly bridges: Pick<BridgeService, 'list'>;
  readonly credentials: CredentialService;
  readonly bridgeWatch: Pick<BridgeWatch, 'states'>;
  readonly store: EntryStore;
  /** The text to paste into the addon's page. */
  readonly pairingCode: (pairing: { readonly url: string; readonly id: string; readonly secret: string }) => string;
  readonly publicUrl: string;
  readonly now: () => Date;
}

/** Bridges of the viewer's tenant: how they stand, a new one, a new secret, the end of one. Each change is an entry. */
export function createBridgesRoutes(deps: BridgesDeps): Router {
  const { bridges, credentials, store, now } = deps;
  const router = Router();
  const mayRead = needsRight('settings.read');
  const mayManage = needsRight('bridges.manage');

  router.get('/settings/bridges', mayRead, (_request, response) => show(response, {}));

  router.post('/settings/bridges', mayRead, mayManage, async (request, response) => {
    const { ledger, by } = await openSection(response, store);
    const sent = { name: fieldOf(request, 'name'), url: fieldOf(request, 'url').replace(/\/+$/, '') };
    if (!isName(sent.name)) return show(response, { sent, problem: { what: 'name', id: null } });
    if (!/^https?:\/\/[^\s/?#@]+(\/[^\s?#]*)?$/i.test(sent.url)) return show(response, { sent, problem: { what: 'url', id: null } }); // prettier-ignore
    // A page with a code that is loaded again must not pair once more.
    const isTaken = (await rowsOf(ledger.tenant.id)).some((row) => row.revoked_at === null && row.name === sent.name);
    if (isTaken) return show(response, { sent, problem: { what: 'name_taken', id: null } });
    const pairing = await credentials.addBridge(ledger, sent.name, by);
    await show(response, { made: { name: sent.name, code: deps.pairingCode({ url: sent.url, ...pairing }), isRotation: false } }); // prettier-ignore
  });

  router.post('/settings/bridges/:id/rotate', mayRead, mayManage, async (request, response) => {
    const { ledger, by } = await openSection(response, store);
    const row = await ownRow(request, ledger.tenant.id);
    if (!isConfirmed(request)) return show(response, { problem: { what: 'rotate', id: row.id } });
    const made = await credentials.rotateBridge(ledger, row, by);
    // It was revoked meanwhile, as the list says.
    if (!made) return response.redirect(303, pageContext(response, now()).url('/settings/bridges'));
    const code = deps.pairingCode({ url: deps.publicUrl, id: row.id, secret: made.secret });
    await show(response, { made: { name: row.name, code, isRotation: true } });
  });

  router.post('/settings/bridges/:id/revoke', mayRead, mayManage, async (request, response) => {
    const { ledger, by } = await openSection(response, store);
    const row = await ownRow(request, ledger.tenant.id);
    if (!isConfirmed(request)) return show(response, { problem: { what: 'revoke', id: row.id } });
    await credentials.revokeBridge(ledger, row, by);
    response.redirect(303, pageContext(response, now()).url('/settings/bridges'));
  });

  return router;

  async function rowsOf(tenantId: number): Promise<BridgeRow[]> {
    return (await bridges.list()).filter((row) => row.tenant_id === tenantId);
  }

  /** Another tenant's is answered as one that is not there. */
  async function ownRow(request: Request, tenantId: number): Promise<BridgeRow> {
    const row = (await rowsOf(tenantId)).find(({ id }) => id === request.params['id']);
    if (!row) throw new KnownError('not_found');
    return row;
  }

  async function show(
    response: Response,
    shown: Partial<Pick<BridgeFacts, 'made' | 'sent' | 'problem'>>,
  ): Promise<void> {
    const { viewer, ledger } = await openSection(response, store);
    const facts: BridgeFacts = {
      rows: await rowsOf(ledger.tenant.id),
      states: await deps.bridgeWatch.states(),
      mayManage: can(viewer, 'bridges.manage'),
      made: null,
      sent: null,
      problem: null,
      url: deps.publicUrl,
      ...shown,
    };
    response.status(facts.problem ? 400 : 200).render('settings/bridges', { page: bridgesPage(facts, pageContext(response, now())) }); // prettier-ignore
  }
}
