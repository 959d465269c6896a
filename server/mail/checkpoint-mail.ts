import type { MailTransport } from './transport';

export interface CheckpointMail {
  readonly to: string;
  readonly messageId: string;
  readonly ledger: string;
  readonly size: number;
  /** Lower-case hex. */
  readonly root: string;
  /** The whole signed note. */
  readonly note: string;
}

/**
 * Mails a checkpoint. Throws when the mail server does not take it. The note is attached as the exact bytes that were signed:
 * on its way a mail's text may get other line ends.
 */
export async function sendCheckpointMail(transport: MailTransport, mail: CheckpointMail): Promise<void> {
  const entries = `${mail.size} ${mail.size === 1 ? 'entry' : 'entries'}`;
  await transport.sendMail({
    to: mail.to,
    messageId: mail.messageId,
    subject: `Sealtrail: checkpoint of ledger ${mail.ledger} at ${entries}`,
    text: `The ledger ${mail.ledger} holds ${entries}. The root of its Merkle tree is\n\n    ${mail.root}\n\nKeep this mail where nobody who runs the sidecar can change it. With the attached checkpoint it can be told later\nwhether one of these entries was changed or removed:\n\n    sealtrail verify --expect-checkpoint checkpoint.txt\n\nThe checkpoint:\n\n${mail.note}`,
    attachments: [
      {
        filename: 'checkpoint.txt',
        content: mail.note,
        contentType: 'text/plain; charset=utf-8',
        contentTransferEncoding: 'base64',
      },
    ],
  });
}
