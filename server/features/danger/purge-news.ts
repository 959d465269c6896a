import type { Logger } from 'pino';
import type { PurgeRequest } from '../../core/purge-request';
import type { Ledger } from '../../entries/entry-store';
import { sendPurgeNews } from '../../mail/purge-mail';
import type { MailTransport } from '../../mail/transport';
import { readyAt } from './purge-service';

interface PurgeNewsDeps {
  readonly mail: { readonly transport: MailTransport; alertTo(): Promise<readonly string[]> };
  readonly publicUrl: string;
  readonly logger: Logger;
}

/** Tells the operator what becomes of a purge: a log line always, a mail where somebody is to have it. */
export function createPurgeNews({ mail, publicUrl, logger }: PurgeNewsDeps) {
  return async (ledger: Ledger, request: PurgeRequest): Promise<void> => {
    const { id, kind, state, entries } = request;
    logger.warn({ ledger: ledger.name, request: id, kind, state, entries }, 'a purge was asked for or decided on');
    try {
      const to = await mail.alertTo();
      if (to.length === 0) return;
      await sendPurgeNews(mail.transport, {
        to,
        ledger: ledger.name,
        kind,
        state,
        entries,
        askedBy: request.requestedBy.name,
        decidedBy: request.decidedBy?.name ?? null,
        readyAt: new Date(readyAt(request)).toISOString(),
        url: `${publicUrl}/danger/requests/${id}`,
      });
    } catch (error) {
      logger.error({ err: error, request: id }, 'the mail about a purge was not taken');
    }
  };
}
