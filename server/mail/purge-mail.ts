import type { MailTransport } from './transport';

interface PurgeNews {
  readonly to: readonly string[];
  readonly ledger: string;
  readonly kind: 'purge' | 'uninstall';
  readonly state: 'waiting' | 'confirmed' | 'cancelled' | 'done';
  readonly entries: number;
  readonly askedBy: string;
  readonly decidedBy: string | null;
  /** RFC 3339: from when on it may be confirmed. */
  readonly readyAt: string;
  /** Where it can be cancelled. */
  readonly url: string;
}

/** Mails the operator what becomes of a purge. Throws when the mail server does not take it. */
export async function sendPurgeNews(transport: MailTransport, news: PurgeNews): Promise<void> {
  const { ledger, kind, entries, askedBy, decidedBy, readyAt, url } = news;
  const count = `${entries} ${entries === 1 ? 'entry' : 'entries'}`;
  const what = kind === 'purge' ? `delete ${count}` : `uninstall and delete ${count}`;
  const said = {
    waiting: `${askedBy} asked to ${what} of the ledger ${ledger}. It can be confirmed from ${readyAt} on. Until then, and as\nlong as nobody confirms it, everybody with the right to purge can cancel it.`,
    confirmed: `${decidedBy ?? ''} confirmed the request of ${askedBy} to ${what} of the ledger ${ledger}. It is being done now.`,
    cancelled: `${decidedBy ?? ''} cancelled the request of ${askedBy} to ${what} of the ledger ${ledger}. Nothing was deleted.`,
    done: `What ${askedBy} asked for and ${decidedBy ?? ''} confirmed is done: ${what} of the ledger ${ledger}.\nThe certificates in the ledger prove what went.`,
  } as const;
  await transport.sendMail({
    to: news.to.join(', '),
    subject: `Sealtrail: ${kind} of ledger ${ledger} ${{ waiting: 'asked for', confirmed: 'confirmed', cancelled: 'cancelled', done: 'done' }[news.state]}`,
    text: `${said[news.state]}\n\n${url}\n`,
  });
}
