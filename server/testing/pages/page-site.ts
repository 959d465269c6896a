import { v7 as uuidv7 } from 'uuid';
import { aHookItem } from '../builders';
import { signInBy } from '../page-session';
import { addRunningJob } from '../running-job';
import { startTestSite, type TestSite } from '../test-site';
import { until } from '../until';

/** What a store has that has pages of its own; an empty one has little of it. */
export interface PagePlaces {
  /** Sequence numbers of entries: with a long list of changes, with erased values, edited by SQL, that ended badly. */
  readonly changed?: string;
  readonly erased?: string;
  readonly broken?: string;
  readonly failed?: string;
  /** A verification that goes on and on. */
  readonly job?: string;
  /** Numbers of reports: all was well, something was broken. */
  readonly report?: string;
  readonly brokenReport?: string;
  /** Ids: of the job that erased values, and of a purge that waits for its delay and a second person. */
  readonly receipt?: string;
  readonly purge?: string;
  /** An unused one-time link to sign in by, without the origin. */
  readonly link?: string;
}

export interface PageSite {
  readonly site: TestSite;
  readonly places: PagePlaces;
}

/** A site on which nothing has happened yet but that somebody asked for a link. */
export async function startEmptySite(): Promise<PageSite> {
  const site = await startTestSite('sqlite');
  return { site, places: { link: await linkOf(site) } };
}

/**
 * The demo month, and with it one of everything that a page may have to show: quarantined items, legal holds, a limit, erased
 * values, an entry that somebody edited, reports with both verdicts, a verification under way, a saved view, a role, a purge
 * that was asked for.
 */
export async function startFullSite(): Promise<PageSite> {
  const site = await startTestSite('sqlite', { demo: true });
  try {
    return { site, places: await fill(site) };
  } catch (error) {
    await site.stop();
    throw error;
  }
}

/** The demo month and a verification that found nothing, as one would show it to somebody. */
export async function startSoundSite(): Promise<PageSite> {
  const site = await startTestSite('sqlite', { demo: true });
  try {
    return { site, places: { report: await verify(site) } };
  } catch (error) {
    await site.stop();
    throw error;
  }
}

async function fill(site: TestSite): Promise<PagePlaces> {
  const { db } = site;
  const sender = await site.pair();
  await sender.send([
    { ...aHookItem({ id: uuidv7() }), hook: 'NoSuchHook' },
    { id: 'x', note: '無法讀取 <b>' },
  ]);
  await site.ask('retention', 'set', '--days', '800');
  await site.ask('role', 'add', '--name', '客服', '--rights', 'entries.read,entries.export');
  await site.ask('role', 'set', '--billing', 'Full Administrator', '--as', 'compliance_officer');
  const purge = await askForPurge(site);
  await site.ask('hold', 'place', '--client', '101', '--reason', 'case 4711');
  const receipt = await erase(site, 'user:603');
  const report = await verify(site);

  const seqOf = async (where: object) => {
    const found = await db<{ seq: number }>('entries').where(where).orderBy('seq').first('seq');
    if (!found) throw new Error(`the demo month has no entry with ${JSON.stringify(where)}`);
    return String(found.seq);
  };
  const broken = await seqOf({ action: 'gateway.updated' });
  await db.raw('DROP TRIGGER entries_no_update');
  await db('entries')
    .where({ seq: broken })
    .update({ record: db.raw(`replace(record, 'Full Administrator', 'Full administrator')`) });
  const brokenReport = await verify(site);

  return {
    changed: await seqOf({ action: 'client.email_changed' }),
    erased: await seqOf({ actor_type: 'user', actor_id: '603' }),
    broken,
    failed: await seqOf({ outcome: 'failure' }),
    job: await addRunningJob(site),
    report,
    brokenReport,
    receipt,
    purge,
    link: await linkOf(site),
  };
}

/** The number of the report of a verification of everything, when it has ended. */
async function verify(site: TestSite): Promise<string> {
  const { result } = await runJob(site, 'verify', '/verify');
  return String((JSON.parse(result) as { report: number }).report);
}

async function erase(site: TestSite, subject: string): Promise<string> {
  const { id } = await runJob(site, 'admin', '/erasures', { subject, ground: 'case 4712' });
  return id;
}

/** What the API puts into the background, when it has ended. */
async function runJob(site: TestSite, scope: string, where: string, order: object = {}): Promise<EndedJob> {
  const { token } = await site.ask<{ token: string }>('token', 'create', '--name', `check ${scope}`, '--scope', scope);
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const asked = await fetch(`${site.url}/api/v1${where}`, { method: 'POST', headers, body: JSON.stringify(order) });
  const { job_id } = (await asked.json()) as { job_id: string };
  const ended = () => site.db<EndedJob>('jobs').where({ id: job_id, state: 'done' }).first();
  return until(`the job of ${where} ends`, ended, 60_000);
}

interface EndedJob {
  readonly id: string;
  readonly state: string;
  readonly result: string;
}

/** Wang Fang shares a view and asks for a purge; it is for somebody else to confirm. */
async function askForPurge(site: TestSite): Promise<string> {
  const { phrase } = await site.ask<{ phrase: string }>('purge', '--dry-run');
  const person = await signInBy(`${site.url}${await linkOf(site)}`);
  const saved = await person.post('/views', { name: '全部', query: 'category=clients', shared: '1' });
  const asked = await person.post('/danger/purge', { until: '', archive: 'yes', phrase });
  const where = asked.headers.get('location') ?? '';
  if (saved.status !== 303 || !where.includes('/danger/requests/'))
    throw new Error(`the view and the purge were answered with ${saved.status} and ${asked.status}`);
  return where.slice(where.lastIndexOf('/') + 1);
}

/** The same with a link that works for another ten minutes. */
export async function withNewLink({ site, places }: PageSite): Promise<PageSite> {
  return { site, places: { ...places, link: await linkOf(site) } };
}

async function linkOf(site: TestSite): Promise<string> {
  const { url } = await site.ask<{ url: string }>('login-link', '--name', 'wang.fang');
  return new URL(url).pathname;
}
