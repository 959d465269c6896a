import type { Logger } from 'pino';
import type { Config } from '../../config/config';
import type { PurgeRequest } from '../../core/purge-request';
import type { Ledger } from '../../entries/entry-store';
import { sendPurgeNews } from '../../mail/purge-mail';
import { readyAt } from './purge-service';

/** Tells the operator what becomes of a purge: a log line always, a mail where somebody is to have it. */
export function createPurgeNews({ config, logger }: { readonly config: Config; readonly logger: Logger }) {
  return async (ledger: Ledger, request: PurgeRequest): Promise<void> => {
    const { id, kind, state, entries } = request;
    logger.warn({ ledger: ledger.name, request: id, kind, state, entries }, 'a purge was asked for or decided on');
    if (config.alertTo.length === 0) return;
    try {
      await sendPurgeNews(config, {
        ledger: ledger.name,
        kind,
        state,
        entries,
        askedBy: request.requestedBy.name,
        decidedBy: request.decidedBy?.name ?? null,
        readyAt: new Date(readyAt(request)).toISOString(),
        url: `${config.publicUrl}/danger/requests/${id}`,
      });
    } catch (error) {
      logger.error({ err: error, request: id }, 'the mail about a purge was not taken');
    }
  };
}
