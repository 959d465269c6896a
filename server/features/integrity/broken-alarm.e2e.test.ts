import { startMailBox, type MailBox } from '../../testing/mail-box';
import { aHookItem } from '../../testing/builders';
import { startTestSite, type TestSite } from '../../testing/test-site';
import { until } from '../../testing/until';

let mailBox: MailBox;
let site: TestSite;

beforeAll(async () => {
  mailBox = await startMailBox();
  site = await startTestSite('sqlite', {
    env: {
      SEALTRAIL_SMTP_URL: mailBox.url,
      SEALTRAIL_MAIL_FROM: 'Sealtrail <audit@example.com>',
      SEALTRAIL_ALERT_TO: 'ann@example.com, ben@example.com',
      SEALTRAIL_PUBLIC_URL: 'https://audit.example.com',
      // What is asked of it here is the alarm that it logs.
      SEALTRAIL_LOG_LEVEL: 'silent',
    },
  });
  const sender = await site.pair();
  await sender.send([aHookItem({ seq: '1' }), aHookItem({ seq: '2' })]);
});
afterAll(async () => {
  await site?.stop();
  await mailBox?.stop();
});

async function verify(): Promise<string> {
  const { token } = await site.ask<{ token: string }>('token', 'create', '--name', 'auditor', '--scope', 'verify');
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const asked = await fetch(`${site.url}/api/v1/verify`, { method: 'POST', headers, body: '{}' });
  expect(asked.status).toBe(202);
  const { job_id: id } = (await asked.json()) as { job_id: string };
  let result: { verdict?: string } = {};
  await until('the verification ends', async () => {
    const job = (await (await fetch(`${site.url}/api/v1/jobs/${id}`, { headers })).json()) as { state: string; result: typeof result }; // prettier-ignore
    result = job.result;
    return job.state === 'done';
  });
  return result.verdict ?? '';
}

it('mails nobody while nothing is broken, and everybody who is named when something is', async () => {
  expect(await verify()).toBe('intact');
  expect(mailBox.mails).toEqual([]);

  await site.db.raw('DROP TRIGGER entries_no_update');
  await site.db('entries').where({ seq: 2 }).update({ severity: 'info', outcome: 'denied' });
  expect(await verify()).toBe('broken');
  await until('the mail arrives', () => Promise.resolve(mailBox.mails.length > 0));
  const [mail = ''] = mailBox.mails;
  expect(mail).toMatch(/^From: Sealtrail <audit@example\.com>/m);
  expect(mail).toMatch(/^To: ann@example\.com, ben@example\.com/m);
  expect(mail).toMatch(/^Subject: Sealtrail: ledger default is broken \(1\)/m);
  const [{ id } = { id: 0 }] = await site.db('verifications').where({ verdict: 'broken' }).select<{ id: number }[]>('id'); // prettier-ignore
  // Long lines come in pieces (quoted-printable).
  expect(mail.replaceAll('=\r\n', '')).toContain(`https://audit.example.com/verify/reports/${id}`);
});
