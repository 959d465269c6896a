import { aPageContext } from '../../testing/an-entry-view';
import type { Hold } from './hold-service';
import { parseHold, parseLimit } from './retention-form';
import { retentionPage, type RetentionFacts } from './retention-page';

const ctx = aPageContext();
const FACTS: RetentionFacts = {
  policy: { days: null, changedAt: null, changedBy: null },
  holds: [],
  prunes: [],
  preview: null,
  refusal: '',
  mayChange: true,
  isSetting: false,
  problem: null,
};
const HOLD: Hold = {
  id: 'h-1',
  scope: { client: '5', target: null, actor: 'admin:7', after: Date.parse('2026-01-01'), before: null },
  reason: 'lawsuit \u202e12',
  placedAt: Date.parse('2026-11-20'),
  placedBy: 'jane',
  releasedAt: null,
  releasedBy: null,
  releaseReason: null,
};

describe('the page about retention', () => {
  it.each<[number | null, string, string]>([
    [null, 'For ever', 'unlimited'],
    [365, '365 days (years: 1)', '365'],
    [45, '45 days', 'own'],
  ])('names the limit %s and selects it', (days, words, selected) => {
    const page = retentionPage({ ...FACTS, policy: { days, changedAt: 0, changedBy: 'jane' } }, ctx);
    expect(page.present).toBe(words);
    expect(page.choices.filter((choice) => choice.selected).map((choice) => choice.value)).toEqual([selected]);
    expect(page.ownDays).toBe(selected === 'own' ? '45' : '');
    expect(page.changed).toMatch(/^Set by jane, Jan 1, 1970/);
  });

  it('says in words what is held, and shows what could mislead', () => {
    const [hold] = retentionPage({ ...FACTS, holds: [HOLD] }, ctx).holds;
    expect(hold?.scope).toEqual(['Client 5', 'Actor admin:7', 'From 2026-01-01 00:00:00.000 UTC']);
    expect(hold?.reason).toBe('lawsuit ⟨U+202E⟩12');
    expect(hold?.releaseAction).toBe('/retention/holds/h-1/release');
  });

  it('says what a prune would take, and what stays', () => {
    const range = { fromSeq: 1, toSeq: 256, entries: 255, firstReceivedAt: 0, lastReceivedAt: 1_000 };
    const plan = { limit: 5_000, ranges: [range], held: [{ hold: 'h-1', segments: 2 }], incomplete: 1 };
    expect(retentionPage({ ...FACTS, preview: { days: 30, plan } }, ctx).preview).toEqual([
      expect.stringMatching(/^A prune now would remove 255 entries, received from Jan 1, 1970/),
      'The legal hold h-1 keeps segments that are old enough: 2',
      expect.stringMatching(/lack entries and stay.*: 1\./),
    ]);
  });

  it('puts a problem to the form that it is about', () => {
    expect(retentionPage({ ...FACTS, problem: 'days' }, ctx).problem).toMatchObject({ form: 'limit', text: expect.stringContaining('7 to 3,650') }); // prettier-ignore
    expect(retentionPage({ ...FACTS, problem: 'reason' }, ctx).problem?.form).toBe('hold');
  });
});

describe('the form of the limit', () => {
  it.each<[object, unknown]>([
    [{ choice: 'unlimited' }, { ok: true, value: null }],
    [{ choice: '365', understood: 'yes' }, { ok: true, value: 365 }],
    [{ choice: 'own', days: '7', understood: 'yes' }, { ok: true, value: 7 }],
    [{ choice: 'own', days: '3650', understood: 'yes' }, { ok: true, value: 3650 }],
    [{ choice: '365' }, { ok: false, problem: 'understood' }],
    [{ choice: 'own', days: '6', understood: 'yes' }, { ok: false, problem: 'days' }],
    [{ choice: 'own', days: '3651', understood: 'yes' }, { ok: false, problem: 'days' }],
    [{ choice: 'own', days: '1e3', understood: 'yes' }, { ok: false, problem: 'days' }],
    [{ choice: 'own', days: ['30'], understood: 'yes' }, { ok: false, problem: 'days' }],
    [{}, { ok: false, problem: 'days' }],
  ])('%j', (form, parsed) => expect(parseLimit(form as Record<string, unknown>)).toEqual(parsed)); // prettier-ignore
});

describe('the form of a hold', () => {
  const none = { client: null, target: null, actor: null, after: null, before: null };
  it.each<[object, unknown]>([
    [{ client: ' 5 ', reason: 'x' }, { ok: true, value: { scope: { ...none, client: '5' }, reason: 'x' } }],
    [{ from: '2026-01-01', to: '2026-01-01', reason: 'x' }, { ok: true, value: { scope: { ...none, after: Date.parse('2026-01-01'), before: Date.parse('2026-01-02') }, reason: 'x' } }],
    [{ reason: 'x' }, { ok: false, problem: 'scope' }],
    [{ actor: '7', reason: 'x' }, { ok: false, problem: 'scope' }],
    [{ from: '2026-02-30x', reason: 'x' }, { ok: false, problem: 'time' }],
    [{ from: '2026-02-02', to: '2026-02-01', reason: 'x' }, { ok: false, problem: 'time' }],
    [{ client: '5', reason: '  ' }, { ok: false, problem: 'reason' }],
    [{ client: '5', reason: 'x'.repeat(1001) }, { ok: false, problem: 'reason' }],
  ])('%j', (form, parsed) => expect(parseHold(form as Record<string, unknown>)).toEqual(parsed)); // prettier-ignore
});
