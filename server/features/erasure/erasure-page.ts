import { ERASURE_BASES, type ErasureBasis } from '../../core/erasure-cover';
import { formatNumber, revealText, showTime, type PageContext } from '../../http/page-context';
import type { Job } from '../jobs/job-service';
import type { CopyPlace, PlannedErasure } from './erasure-service';
import type { FoundSubject } from './subject-search';

/** What was wrong with the form, beside the field that it is about. */
export type ErasureProblem = 'ground' | 'phrase' | 'count';

export interface ErasureFacts {
  readonly text: string;
  /** Null before anybody searched. */
  readonly found: readonly FoundSubject[] | null;
  readonly preview: {
    readonly ref: string;
    readonly name: string;
    readonly plan: PlannedErasure;
    readonly copies: readonly CopyPlace[];
  } | null;
  readonly form: { readonly ground: string; readonly basis: ErasureBasis };
  readonly problem: ErasureProblem | null;
}

interface Fact {
  readonly label: string;
  readonly value: string;
}

interface FoundLine {
  readonly ref: string;
  readonly name: string;
  readonly href: string;
}

export interface ErasurePage {
  readonly title: string;
  readonly search: { readonly form: ReturnType<PageContext['url']['form']>; readonly text: string };
  readonly found: {
    readonly named: readonly FoundLine[];
    /** Whom entries with the words are about, under another name. */
    readonly others: readonly FoundLine[];
  } | null;
  readonly preview: {
    readonly ref: string;
    readonly heading: string;
    readonly facts: readonly Fact[];
    readonly goes: readonly string[];
    readonly stays: readonly string[];
    readonly copies: readonly Fact[];
    /** Why it cannot be done; '' where it can. */
    readonly blocked: string;
    readonly holdsHref: string;
    readonly entries: number;
    readonly phrase: string;
    readonly button: string;
  } | null;
  readonly action: string;
  readonly ground: string;
  readonly bases: readonly { readonly value: string; readonly label: string; readonly selected: boolean }[];
  readonly problems: Readonly<Record<ErasureProblem, string>>;
}

/** The same in every language. */
export function erasePhrase(ref: string): string {
  return `ERASE ${ref}`;
}

export function erasurePage(facts: ErasureFacts, ctx: PageContext): ErasurePage {
  const { t, url } = ctx;
  const problem = (name: ErasureProblem) => (facts.problem === name ? t(`erasure:problem.${name}`) : '');
  return {
    title: t('erasure:title'),
    search: { form: url.form('/erasure'), text: facts.text },
    found: facts.found && foundOf(facts.found, ctx),
    preview: facts.preview && previewOf(facts.preview, ctx),
    action: url('/erasure'),
    ground: facts.form.ground,
    bases: ERASURE_BASES.map((value) => ({ value, label: t(`erasure:basis.${value}`), selected: value === facts.form.basis })), // prettier-ignore
    problems: { ground: problem('ground'), phrase: problem('phrase'), count: problem('count') },
  };
}

function foundOf(found: readonly FoundSubject[], { url }: PageContext) {
  const line = ({ ref, name }: FoundSubject) => ({ ref: revealText(ref), name: revealText(name), href: url('/erasure', { subject: ref }) }); // prettier-ignore
  return { named: found.filter(({ isNamed }) => isNamed).map(line), others: found.filter(({ isNamed }) => !isNamed).map(line) }; // prettier-ignore
}

function previewOf({ ref, name, plan, copies }: NonNullable<ErasureFacts['preview']>, ctx: PageContext) {
  const { t, url } = ctx;
  const count = (value: number) => t('erasure:entries', { count: value });
  const some = (key: string, value: number) => (value === 0 ? [] : [{ label: t(`erasure:fact.${key}`), value: count(value) }]); // prettier-ignore
  return {
    ref,
    heading: t('erasure:preview', { who: name === '' ? revealText(ref) : `${revealText(name)} (${revealText(ref)})` }),
    facts: [
      { label: t('erasure:fact.entries'), value: count(plan.entries) },
      { label: t('erasure:fact.actor'), value: count(plan.sides.actor) },
      { label: t('erasure:fact.subject'), value: count(plan.sides.subject) },
      ...some('held', plan.held),
      ...some('altered', plan.altered),
      ...some('missing', plan.missing),
    ],
    goes: [
      ...(plan.sides.actor > 0 ? [t('erasure:goes.actor')] : []),
      ...(plan.sides.subject > 0 ? [t('erasure:goes.subject')] : []),
      t('erasure:goes.search'),
    ],
    stays: [t('erasure:stays.record'), t('erasure:stays.later'), t('erasure:stays.told')],
    copies: copies.map(({ place, count: there }) => ({
      label: t(`erasure:copy.${place}`),
      value: there === null ? t('erasure:copy_unknown') : formatNumber(there, ctx),
    })),
    blocked: plan.held > 0 ? t('erasure:held') : plan.entries === 0 ? t('erasure:nothing') : '',
    holdsHref: plan.held > 0 ? url('/retention') : '',
    entries: plan.entries,
    phrase: erasePhrase(ref),
    button: t('erasure:button', { count: plan.entries }),
  };
}

export interface ReceiptPage {
  readonly title: string;
  readonly isActive: boolean;
  readonly stateText: string;
  readonly problem: string;
  readonly facts: readonly Fact[];
  readonly entries: readonly { readonly text: string; readonly href: string }[];
  readonly backHref: string;
  readonly printed: string;
}

/** What a finished erasure did, to be printed and kept with the request of the person. */
export function receiptPage(job: Job, ctx: PageContext): ReceiptPage {
  const { t, url } = ctx;
  const isActive = job.state === 'queued' || job.state === 'running';
  const result = (job.result ?? {}) as { recorded_in?: number[]; erased?: { actor: number; subject: number } };
  const text = (name: string) => (typeof job.params[name] === 'string' ? revealText(job.params[name]) : '');
  const seqs = result.recorded_in ?? [];
  const number = (value: number | undefined) => formatNumber(value ?? 0, ctx);
  const ended = job.finishedAt === null ? [] : [{ label: t('erasure:receipt.when'), value: showTime(job.finishedAt.getTime(), ctx).local }]; // prettier-ignore
  return {
    title: t('erasure:receipt.title'),
    isActive,
    stateText: isActive
      ? t('erasure:receipt.running')
      : job.state === 'done'
        ? t(seqs.length > 0 ? 'erasure:receipt.done' : 'erasure:receipt.nothing')
        : t('erasure:receipt.failed'),
    problem: job.problem === null ? '' : revealText(job.problem),
    facts: [
      { label: t('erasure:receipt.subject'), value: text('ref') },
      { label: t('erasure:receipt.ground'), value: text('ground') },
      { label: t('erasure:receipt.basis'), value: t(`erasure:basis.${text('basis')}`) },
      { label: t('erasure:receipt.by'), value: revealText(job.requestedBy) },
      ...ended,
      ...(job.state === 'done'
        ? [
            { label: t('erasure:fact.actor'), value: number(result.erased?.actor) },
            { label: t('erasure:fact.subject'), value: number(result.erased?.subject) },
          ]
        : []),
    ],
    entries: seqs.map((seq) => ({ text: formatNumber(seq, ctx), href: url(`/entries/${seq}`) })),
    backHref: url('/erasure'),
    printed: t('common:printed', { time: showTime(ctx.now.getTime(), ctx).local }),
  };
}
