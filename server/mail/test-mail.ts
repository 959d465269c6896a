import type { MailTransport } from './transport';

/** Mails a test. Gives the server's answer; throws when it does not take it. */
export async function sendTestMail(transport: MailTransport, mail: { to: string; by: string; url: string }) {
  const { response } = await transport.sendMail({
    to: mail.to,
    subject: 'Sealtrail: test mail',
    text: `${mail.by} asked for this mail to see whether Sealtrail can send any. It can.\n\n${mail.url}\n`,
  });
  return response;
}
