import { Router, type Request, type Response } from 'express';
import type { EntryStore } from '../../entries/entry-store';
import { pageContext } from '../../http/page-locals';
import { can, needsRight } from '../access/rights';
import type { KeyService } from '../keys/key-service';
import { StoppedLedgerError } from '../tree/checkpoint-service';
import { keysPage, type KeyFacts } from './keys-page';
import { isConfirmed, openSection } from './section';

interface KeysDeps {
  readonly keys: KeyService;
  readonly store: EntryStore;
  readonly fingerprint: string;
  /** Looked at each time: somebody may have mended it. */
  readonly lookAtKeyFile: () => KeyFacts['keyFile'];
  readonly now: () => Date;
}

/** Chain keys of the viewer's ledger: what there is, and a new one. To destroy one stays with the command line. */
export function createKeysRoutes({ keys, store, fingerprint, lookAtKeyFile, now }: KeysDeps): Router {
  const router = Router();
  const mayRead = needsRight('settings.read');

  router.get('/settings/keys', mayRead, (request, response) => show(response, { rotatedTo: numberIn(request) }));

  router.post('/settings/keys/rotate', mayRead, needsRight('keys.manage'), async (request, response) => {
    const { ledger, by } = await openSection(response, store);
    if (!isConfirmed(request)) return show(response, { problem: { what: 'confirm' } });
    try {
      const { toEpoch } = await keys.rotate(ledger, by);
      response.redirect(303, pageContext(response, now()).url('/settings/keys', { rotated: toEpoch }));
    } catch (error) {
      if (!(error instanceof StoppedLedgerError)) throw error;
      await show(response, { problem: { what: 'stopped' } });
    }
  });

  return router;

  async function show(response: Response, shown: Partial<Pick<KeyFacts, 'problem' | 'rotatedTo'>>): Promise<void> {
    const { viewer, ledger } = await openSection(response, store);
    const facts: KeyFacts = {
      epochs: await keys.list(ledger),
      size: (await store.findHead(ledger))?.seq ?? 0,
      fingerprint,
      keyFile: lookAtKeyFile(),
      mayManage: can(viewer, 'keys.manage'),
      problem: null,
      rotatedTo: null,
      ...shown,
    };
    response.status(facts.problem ? 400 : 200).render('settings/keys', { page: keysPage(facts, pageContext(response, now())) }); // prettier-ignore
  }
}

function numberIn(request: Request): number | null {
  const given = request.query['rotated'];
  return typeof given === 'string' && /^\d{1,9}$/.test(given) ? Number(given) : null;
}
