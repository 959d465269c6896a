import { formatVkey, keyOf } from './note-key';
import { formatCertificate, openCertificate, parseCertificate, prunedCount, type PruneCertificate } from './prune-certificate'; // prettier-ignore
import { signNote } from './signed-note';

const hash = (digit: string) => digit.repeat(64);
const ROOT = Buffer.alloc(32, 1).toString('base64');
const CERTIFICATE: PruneCertificate = {
  id: '0193b2e4-7c11-7d3a-9f00-1a2b3c4d5e6f',
  ledger: 'default',
  madeAt: '2026-11-21T01:02:03.456Z',
  days: 365,
  fromSeq: 257,
  toSeq: 768,
  firstReceivedAt: '2025-01-01T00:00:00.000Z',
  lastReceivedAt: '2025-02-01T00:00:00.000Z',
  treeSize: 1000,
  treeRoot: ROOT,
  leavesRoot: ROOT,
  archiveDigest: hash('d'),
  runs: [
    { fromSeq: 257, toSeq: 300, prevHash: hash('1'), lastHash: hash('2') },
    { fromSeq: 302, toSeq: 768, prevHash: hash('3'), lastHash: hash('4') },
  ],
};
const TEXT = formatCertificate(CERTIFICATE);
const SIGNER = { name: 'sealtrail/x/default', seed: Buffer.alloc(32, 5) };
const VKEY = formatVkey(keyOf(SIGNER));

describe('a prune certificate', () => {
  it('is a text that says everything once', () => {
    expect(TEXT).toBe(
      [
        'sealtrail prune certificate v1',
        'id 0193b2e4-7c11-7d3a-9f00-1a2b3c4d5e6f',
        'ledger default',
        'made 2026-11-21T01:02:03.456Z',
        'days 365',
        'range 257 768',
        'entries 511',
        'received 2025-01-01T00:00:00.000Z 2025-02-01T00:00:00.000Z',
        `tree 1000 ${ROOT}`,
        `leaves ${ROOT}`,
        `archive ${hash('d')}`,
        `run 257 300 ${hash('1')} ${hash('2')}`,
        `run 302 768 ${hash('3')} ${hash('4')}`,
        '',
      ].join('\n'),
    );
    expect(parseCertificate(TEXT)).toEqual(CERTIFICATE);
    expect(prunedCount(CERTIFICATE)).toBe(511);
  });

  it.each<[string, (text: string) => string]>([
    ['another version', (text) => text.replace('v1', 'v2')],
    ['a wrong count', (text) => text.replace('entries 511', 'entries 512')],
    ['a leading zero', (text) => text.replace('run 257', 'run 0257')],
    ['a range that is no whole segment', (text) => text.replace('range 257', 'range 258')],
    ['a run outside the range', (text) => text.replace('run 302 768', 'run 302 769').replace('511', '512')],
    ['runs that touch', (text) => text.replace('run 302', 'run 301').replace('511', '512')],
    ['runs that overlap', (text) => text.replace('run 302', 'run 300').replace('511', '513')],
    ['runs in the wrong order', (text) => text.replace(/(run 257.*\n)(run 302.*\n)/, '$2$1')],
    ['no run', (text) => text.replace(/run .*\n/g, '')],
    ['more behind', (text) => `${text}more\n`],
    ['an empty line behind', (text) => `${text}\n`],
    ['its end missing', (text) => text.slice(0, -1)],
    ['a range beyond the tree', (text) => text.replace('tree 1000', 'tree 700')],
    ['a line missing', (text) => text.replace(/archive .*\n/, '')],
    ['a hash that is none', (text) => text.replace(hash('4'), hash('g'))],
  ])('is refused with %s', (_what, change) => {
    const changed = change(TEXT);
    expect(changed).not.toBe(TEXT);
    expect(parseCertificate(changed)).toBeUndefined();
  });

  it('counts when it is signed by the key of the checkpoints, for this ledger', () => {
    expect(openCertificate(signNote(TEXT, SIGNER), 'default', [VKEY])).toEqual({ ok: true, certificate: CERTIFICATE });
  });

  it.each<[string, string, string, RegExp]>([
    ['no note', TEXT, 'default', /no signed note/],
    ['another key of the same name', signNote(TEXT, { ...SIGNER, seed: Buffer.alloc(32, 6) }), 'default', /not signed by the key/],
    ['a text changed after it was signed', signNote(TEXT, SIGNER).replace('days 365', 'days 366'), 'default', /not signed by the key/],
    ['a checkpoint', signNote('sealtrail/x/default\n1000\n' + ROOT + '\n', SIGNER), 'default', /no certificate/],
    ['one of another ledger', signNote(TEXT, SIGNER), 'second', /for the ledger default/],
  ])('is refused: %s', (_what, note, ledger, fault) => {
    const checked = openCertificate(note, ledger, [VKEY]);
    expect(checked).toEqual({ ok: false, fault: expect.stringMatching(fault) as string });
  }); // prettier-ignore
});
