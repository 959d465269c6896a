import type { MailTransport } from './transport';

/** Mails a sign-in link. Throws when the mail server does not take it. */
export async function sendSignInLink(
  transport: MailTransport,
  mail: { readonly to: string; readonly url: string },
): Promise<void> {
  await transport.sendMail({
    to: mail.to,
    subject: 'Sealtrail: your sign-in link',
    text: `Open this address to sign in. It works once, within ten minutes:\n\n${mail.url}\n\nIf you did not ask for it, ignore this mail and tell your administrator.\n`,
  });
}
