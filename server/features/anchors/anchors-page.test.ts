import path from 'node:path';
import express from 'express';
import { createI18n } from '../../http/i18n';
import { PROGRAM_ROOT } from '../../root';
import { aPageContext } from '../../testing/an-entry-view';
import type { Anchor, AnchorStatus, Copy } from './anchor-service';
import { anchorsPage } from './anchors-page';

const ctx = aPageContext();
const AT = ctx.now.getTime() - 7_200_000;

const anchor: Anchor = {
  id: 'a1',
  ledgerId: null,
  kind: 'witness',
  name: 'w1',
  target: 'https://w.example',
  everyMs: 0,
  settings: {},
  createdAt: AT,
  haltedAt: null,
  failingSince: null,
  lastError: null,
  isGenuine: true,
};
const copy: Copy = {
  anchorId: 'a1',
  ledgerId: 1,
  origin: 'o',
  size: 1_542,
  root: '00',
  note: '',
  signedAt: AT,
  state: 'taken',
  attempts: 1,
  nextAt: 0,
  createdAt: AT,
  doneAt: AT,
  answer: null,
  isGenuine: true,
};

function aStatus(parts: Partial<AnchorStatus> = {}): AnchorStatus {
  return { anchor, ledger: 'default', taken: copy, waiting: undefined, refused: undefined, behind: 0, ...parts };
}

it('says what each place has and since when', () => {
  const { rows, quorum } = anchorsPage([aStatus()], { witnesses: 3, signed: 2, size: 1_542 }, ctx);
  expect(rows).toMatchObject([
    {
      kind: 'Witness',
      name: 'w1',
      size: '1,542',
      at: { relative: '2 hours ago' },
      state: { code: 'current' },
      detail: '',
    },
  ]);
  expect(quorum).toBe('Witnesses that have signed the newest checkpoint: 2 of 3. Entries that it covers: 1,542.');
});

it.each<[string, Partial<AnchorStatus>, string]>([
  ['waiting', { behind: 7 }, ''],
  ['waiting', { taken: undefined }, ''],
  ['failing', { anchor: { ...anchor, failingSince: AT, lastError: 'ECONNREFUSED' } }, 'ECONNREFUSED'],
  ['halted', { anchor: { ...anchor, failingSince: AT, haltedAt: AT, lastError: 'answered 410' } }, 'answered 410'],
  ['refused', { refused: { ...copy, state: 'refused', answer: 'size 9 was signed' } }, 'size 9 was signed'],
  ['changed', { anchor: { ...anchor, isGenuine: false } }, ''],
])('shows %s before what matters less', (code, parts, detail) => {
  const [row] = anchorsPage([aStatus(parts)], undefined, ctx).rows;
  expect([row?.state.code, row?.detail]).toEqual([code, detail]);
});

it('is drawn with every text escaped, and says what is missing where there is none', async () => {
  const t = createI18n().translator('en');
  const app = express().set('views', path.join(PROGRAM_ROOT, 'views')).set('view engine', 'ejs');
  const draw = (statuses: AnchorStatus[]) =>
    new Promise<string>((resolve, reject) => {
      const locals = { t, part: anchorsPage(statuses, undefined, ctx) };
      app.render('integrity/anchors', locals, (error: Error | null, html: string) => (error ? reject(error) : resolve(html))); // prettier-ignore
    });
  const html = await draw([aStatus({ anchor: { ...anchor, name: '<b>x', failingSince: AT, lastError: '<script>' } })]);
  expect(html).toContain('&lt;b&gt;x');
  expect(html).not.toContain('<script>');
  expect(await draw([])).toContain('No checkpoint goes outside');
});
