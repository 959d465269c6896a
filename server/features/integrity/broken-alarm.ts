import type { Logger } from 'pino';
import type { Ledger } from '../../entries/entry-store';
import { sendBrokenChain } from '../../mail/broken-chain-mail';
import type { MailTransport } from '../../mail/transport';
import type { Verification } from './verification-store';

interface BrokenAlarmDeps {
  readonly mail: { readonly transport: MailTransport; alertTo(): Promise<readonly string[]> };
  readonly publicUrl: string;
  readonly logger: Logger;
}

/** Tells the operator that a verification found something: a log line always, a mail where somebody is to have it. */
export function createBrokenAlarm({ mail, publicUrl, logger }: BrokenAlarmDeps) {
  return async (ledger: Ledger, report: Verification): Promise<void> => {
    const { id, verdict, scanned, brokenCount, unverifiable } = report;
    const found = { ledger: ledger.name, report: id, scanned, broken: brokenCount, unverifiable };
    if (verdict === 'intact') return logger.info(found, 'verified: nothing is broken');
    if (verdict === 'cannot_tell')
      return logger.warn(found, 'verified: it cannot be told whether the ledger is intact');
    logger.error(found, 'verified: the ledger is BROKEN');
    try {
      const to = await mail.alertTo();
      if (to.length === 0) return;
      const url = `${publicUrl}/verify/reports/${id}`;
      const { finishedAt } = report;
      await sendBrokenChain(mail.transport, { to, ledger: ledger.name, brokenCount, scanned, finishedAt, url });
    } catch (error) {
      logger.error({ err: error, report: id }, 'the mail about a broken ledger was not taken');
    }
  };
}
