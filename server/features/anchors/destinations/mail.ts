import { sendCheckpointMail } from '../../../mail/checkpoint-mail';
import type { MailTransport } from '../../../mail/transport';
import type { Send } from '../anchor';
import { webhookId } from './webhook';

/** Mails checkpoints. One that is sent twice, because its answer was lost, has the same message id twice. */
export function createMailSend({ transport }: { readonly transport: () => MailTransport }): Send {
  return async (anchor, { ledger, origin, size, root, note }) => {
    const messageId = `<${webhookId(anchor.id, origin, size)}@sealtrail>`;
    await sendCheckpointMail(transport(), { to: anchor.target, messageId, ledger, size, root, note });
    return { kind: 'taken', answer: null };
  };
}
