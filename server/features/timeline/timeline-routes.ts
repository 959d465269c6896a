import { Router, type Request } from 'express';
import type { EntryStore } from '../../entries/entry-store';
import { CATEGORIES } from '../../core/event';
import { KnownError } from '../../errors';
import type { PageContext } from '../../http/page-context';
import { pageContext } from '../../http/page-locals';
import type { Query } from '../../http/url-builder';
import { needsRight } from '../access/rights';
import type { Viewer } from '../access/viewer';
import { localDay, momentAt, momentOf, readSubject, type TimelineSubject } from '../browse/browse-service';
import { choicePage } from './choice-page';
import { timelinePage, type TimelineQuery } from './timeline-page';
import type { TimelineService } from './timeline-service';

interface TimelineDeps {
  readonly timelines: TimelineService;
  readonly store: EntryStore;
  readonly now: () => Date;
}

/** `/timeline?target=invoice:5`, `?client=12`, `?actor=admin:7`: everything about one thing, and its state at a moment. */
export function createTimelineRoutes({ timelines, store, now }: TimelineDeps): Router {
  const router = Router();
  router.get('/timeline', needsRight('entries.read'), async (request, response) => {
    const ctx = pageContext(response, now());
    const chosen = readChoice(request);
    if (chosen) return response.redirect(303, ctx.url('/timeline', chosen));
    const subject = readSubject(request.query);
    if (!subject) {
      const isWrong = ['target', 'client', 'actor', 'thing'].some((name) => textOf(request, name) !== '');
      const [thing, id] = [textOf(request, 'thing'), textOf(request, 'id')];
      const page = choicePage({ thing, id, problem: isWrong ? ctx.t('timeline:problem.subject') : '' }, ctx);
      return response.status(isWrong ? 400 : 200).render('timeline/choose', { page });
    }
    const ledger = await store.findLedger((response.locals['viewer'] as Viewer).tenant);
    if (!ledger) throw new KnownError('not_found');
    const asked = readQuery(request, subject, ctx);
    const { problems, cursor } = asked;
    const found = await timelines.findPage(ledger, {
      ...asked,
      day: asked.day === '' || problems.day !== undefined ? null : spanOf(asked.day, ctx.timeZone),
      cursor: cursor === '' ? undefined : cursor,
    });
    const target = stateSubject(subject);
    const moment = problems.at === undefined ? momentOfText(asked.at, ctx) : undefined;
    const known = target && (await timelines.readState(ledger, target, moment ?? ctx.now.getTime()));
    const isWrong = Object.keys(problems).length > 0;
    response.status(isWrong ? 400 : 200).render('timeline/timeline', { page: timelinePage(asked, found, known, ctx) });
  });
  return router;
}

/** What the form of the empty page sends: `thing` is a type of target, or `by_` and a type of account. */
function readChoice(request: Request): Query | null {
  const [thing, id] = [textOf(request, 'thing'), textOf(request, 'id').replace(/^#/, '')];
  if (!/^[a-z_]+$/.test(thing) || id === '') return null;
  const query: Query = thing === 'client' ? { client: id } : thing.startsWith('by_') ? { actor: `${thing.slice(3)}:${id}` } : { target: `${thing}:${id}` }; // prettier-ignore
  return readSubject(query) && query;
}

function readQuery(request: Request, subject: TimelineSubject, ctx: PageContext): TimelineQuery {
  const [category, day, at] = [textOf(request, 'category'), textOf(request, 'day'), textOf(request, 'at')];
  return {
    subject,
    category: CATEGORIES.some((one) => one === category) ? category : '',
    isOldestFirst: request.query['order'] === 'oldest',
    day,
    at,
    cursor: textOf(request, 'cursor'),
    problems: {
      ...(day === '' || isDay(day) ? {} : { day: ctx.t('timeline:problem.day') }),
      ...(at === '' || momentOfText(at, ctx) !== undefined ? {} : { at: ctx.t('timeline:problem.at') }),
    },
  };
}

/** A thing has a state; what an account did has none. Of a client it is that of the client's own record. */
function stateSubject({ kind, reference }: TimelineSubject): TimelineSubject | null {
  if (kind === 'actor') return null;
  return { kind: 'target', reference: kind === 'client' ? `client:${reference}` : reference };
}

function spanOf(day: string, timeZone: string): { readonly start: number; readonly end: number } {
  const start = momentOf(day, timeZone);
  return { start, end: momentOf(localDay(start + 36 * 3_600_000, timeZone), timeZone) };
}

/**
 * RFC 3339, or the time on a wall clock of the reader's zone, up to the end of the second or minute that was written: what
 * happened within it is in. Undefined where it is neither.
 */
function momentOfText(text: string, { timeZone, now }: PageContext): number | undefined {
  if (text === '') return now.getTime();
  const [, day = '', time = '', seconds, zone] =
    /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(?::(\d{2})(?:\.\d{1,3})?)?)?(Z|[+-]\d{2}:\d{2})?$/.exec(text) ?? [];
  if (!isDay(day) || Number(time.slice(0, 2)) > 23 || Number(time.slice(3)) > 59 || Number(seconds ?? 0) > 59)
    return undefined;
  if (time === '') return zone === undefined ? spanOf(day, timeZone).end - 1 : undefined;
  if (zone !== undefined) return Number.isNaN(Date.parse(text)) ? undefined : Date.parse(text);
  const moment = momentAt(`${day}T${time}:${seconds ?? '00'}`, timeZone);
  return moment + (seconds === undefined ? 59_999 : 999);
}

function isDay(text: string): boolean {
  const ms = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text);
}

function textOf(request: Request, name: string): string {
  const value = request.query[name];
  return typeof value === 'string' ? value.trim() : '';
}
