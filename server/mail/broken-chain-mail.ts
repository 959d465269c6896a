import type { Config } from '../config/config';
import { createMailTransport } from './transport';

interface BrokenChain {
  readonly ledger: string;
  readonly brokenCount: number;
  readonly scanned: number;
  readonly finishedAt: string;
  /** The report. */
  readonly url: string;
}

/** Mails the operator that a verification found breaks. Throws when the mail server does not take it. */
export async function sendBrokenChain(config: Config, found: BrokenChain): Promise<void> {
  const { ledger, brokenCount, scanned, finishedAt, url } = found;
  await createMailTransport(config).sendMail({
    to: config.alertTo.join(', '),
    subject: `Sealtrail: ledger ${ledger} is broken (${brokenCount})`,
    text:
      `A verification of the ledger ${ledger} ended at ${finishedAt}.\n` +
      `Entries checked: ${scanned}. Breaks found: ${brokenCount}.\n\n${url}\n\n` +
      `A break is no proof of fraud: a failing disk or a wrong restore look the same.\n` +
      `Keep the database as it is, take a copy of it, and find out who had access at the times in the report.\n`,
  });
}
