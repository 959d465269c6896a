import { Router, type Request, type RequestHandler, type Response } from 'express';
import { HASH_BYTES } from '../../core/merkle';
import { parseTilePath } from '../../core/tile';
import type { Ledger } from '../../entries/entry-store';
import { KnownError } from '../../errors';
import type { BrowseService } from '../browse/browse-service';
import { StoppedLedgerError, type CheckpointService } from '../tree/checkpoint-service';
import type { ProofService } from '../tree/proof-service';
import type { TreeService } from '../tree/tree-service';

interface TreeApiDeps {
  readonly browse: BrowseService;
  readonly tree: TreeService;
  readonly checkpoints: CheckpointService;
  readonly proofs: ProofService;
  readonly mayRead: RequestHandler;
  readonly ledgerOf: (request: Request, response: Response) => Promise<Ledger>;
}

/** The tree as C2SP tlog-tiles serves it (`/checkpoint`, `/tile/...`), and proofs made of it. */
export function createTreeApiRoutes(deps: TreeApiDeps): Router {
  const { tree, checkpoints, proofs, mayRead } = deps;
  const router = Router();

  router.get('/checkpoint', mayRead, async (request, response) => {
    checkParameters(request, []);
    const ledger = await deps.ledgerOf(request, response);
    const latest = (await checkpoints.latest(ledger)) ?? (await signFirst(ledger));
    response.type('text/plain; charset=utf-8').send(latest.note);
  });

  router.get(/^\/tile\/(.+)$/, mayRead, async (request, response) => {
    checkParameters(request, []);
    const ledger = await deps.ledgerOf(request, response);
    const place = parseTilePath(request.path.slice(1));
    if (!place) throw new KnownError('not_found', 'write tile/LEVEL/INDEX or tile/entries/INDEX as in C2SP tlog-tiles');
    const bytes =
      place.level === 'entries'
        ? await proofs.readBundle(ledger, place.tile, place.width)
        : cut(await tree.readTile(ledger, place.level, place.tile), place.width * HASH_BYTES);
    if (!bytes) throw new KnownError('not_found', 'the tree is not that large');
    // The same for ever; no cache that others share, because it took a token to get it.
    response.setHeader('cache-control', 'private, max-age=31536000, immutable');
    response.type('application/octet-stream').send(bytes);
  });

  router.get('/entries/:id/proof', mayRead, async (request, response) => {
    checkParameters(request, []);
    const ledger = await deps.ledgerOf(request, response);
    const id = String(request.params['id']);
    // A pruned entry is known by its number alone, and its proof outlives it.
    const seq = /^\d{1,15}$/.test(id) ? Number(id) : Number((await deps.browse.findEntry(ledger, id))?.seq ?? 0);
    const proof = await proofs.proveEntry(ledger, seq);
    if (proof === undefined) throw new KnownError('entry_not_found');
    response.attachment(`sealtrail-${ledger.name}-${seq}.tlog-proof`);
    response.type('text/plain; charset=utf-8').send(proof);
  });

  router.get('/consistency', mayRead, async (request, response) => {
    const { from, to } = checkParameters(request, ['from', 'to']);
    const ledger = await deps.ledgerOf(request, response);
    const oldSize = sizeOf(from, 'from');
    const newSize = to === undefined ? ((await checkpoints.latest(ledger))?.size ?? 0) : sizeOf(to, 'to');
    if (oldSize > newSize || newSize > (await tree.size(ledger)))
      throw new KnownError('bad_request', `no tree of ${oldSize} entries lies within one of ${newSize}`);
    const hashes = await tree.consistencyProof(ledger, oldSize, newSize);
    response.json({ from: oldSize, to: newSize, hashes: hashes.map((hash) => hash.toString('base64')) });
  });

  return router;

  async function signFirst(ledger: Ledger) {
    try {
      return await checkpoints.sign(ledger, 'request');
    } catch (error) {
      if (error instanceof StoppedLedgerError) throw new KnownError('ledger_stopped', error.detail, { cause: error });
      throw error;
    }
  }
}

/** The named query parameters and `ledger`; a misspelt one must not be passed over. */
function checkParameters(request: Request, names: readonly string[]): Record<string, string | undefined> {
  for (const [name, value] of Object.entries(request.query))
    if (typeof value !== 'string' || ![...names, 'ledger'].includes(name))
      throw new KnownError('bad_request', `${name} is no parameter of this, or stands there twice`);
  return request.query as Record<string, string | undefined>;
}

function sizeOf(text: string | undefined, name: string): number {
  if (text === undefined || !/^[1-9]\d{0,14}$/.test(text))
    throw new KnownError('bad_request', `${name}: write a number of entries, 1 or more`);
  return Number(text);
}

/** The first `length` bytes; undefined where there are not that many. */
function cut(bytes: Buffer | undefined, length: number): Buffer | undefined {
  return bytes && bytes.length >= length ? bytes.subarray(0, length) : undefined;
}
