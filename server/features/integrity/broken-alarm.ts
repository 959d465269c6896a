import type { Logger } from 'pino';
import type { Config } from '../../config/config';
import type { Ledger } from '../../entries/entry-store';
import { sendBrokenChain } from '../../mail/broken-chain-mail';
import type { Verification } from './verification-store';

/** Tells the operator that a verification found something: a log line always, a mail where somebody is to have it. */
export function createBrokenAlarm({ config, logger }: { readonly config: Config; readonly logger: Logger }) {
  return async (ledger: Ledger, report: Verification): Promise<void> => {
    const { id, verdict, scanned, brokenCount, unverifiable } = report;
    const found = { ledger: ledger.name, report: id, scanned, broken: brokenCount, unverifiable };
    if (verdict === 'intact') return logger.info(found, 'verified: nothing is broken');
    if (verdict === 'cannot_tell')
      return logger.warn(found, 'verified: it cannot be told whether the ledger is intact');
    logger.error(found, 'verified: the ledger is BROKEN');
    if (config.alertTo.length === 0) return;
    try {
      const url = `${config.publicUrl}/verify/reports/${id}`;
      await sendBrokenChain(config, { ledger: ledger.name, brokenCount, scanned, finishedAt: report.finishedAt, url });
    } catch (error) {
      logger.error({ err: error, report: id }, 'the mail about a broken ledger was not taken');
    }
  };
}
