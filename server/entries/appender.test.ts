import { createAppender } from './appender';
import type { AppendItem, AppendResult, EntryStore, Ledger, QuarantinedItem } from './entry-store';

const LEDGER: Ledger = { id: 1, name: 'default', tenant: { id: 1, slug: 'default' } };
const OTHER: Ledger = { id: 2, name: 'other', tenant: { id: 2, slug: 'other' } };

const item = (eventId: string): AppendItem => ({ eventId, digest: 'd', entries: [] });
const aside = (digest: string): QuarantinedItem => ({
  bridgeId: 'b',
  eventId: null,
  reason: 'x',
  detail: 'x',
  item: '{}',
  digest,
  receivedAt: 0,
});

interface Call {
  readonly ledger: string;
  readonly ids: readonly string[];
  readonly aside: readonly string[];
  /** Lets the store answer. */
  finish(): void;
}

/** A store whose commits end when the test says so, and that refuses what `isBad` names. */
interface FakeOptions {
  readonly isBad?: (id: string) => boolean;
  readonly isHeld?: boolean;
  readonly sync?: () => Promise<void>;
}

function createFakeStore(options: FakeOptions = {}) {
  const calls: Call[] = [];
  let seq = 0;
  const commit: EntryStore['commit'] = async (ledger, take) => {
    const { items, quarantined } = take();
    const ids = items.map((one) => one.eventId);
    await new Promise<void>((resolve) => {
      calls.push({ ledger: ledger.name, ids, aside: quarantined.map((one) => one.digest), finish: resolve });
      if (!options.isHeld) resolve();
    });
    if (ids.some((id) => options.isBad?.(id))) throw new Error(`refused ${ids.join(' ')}`);
    return ids.map((id): AppendResult => {
      if (id.startsWith('known')) return { outcome: 'duplicate', receipts: [] };
      seq += 1;
      return { outcome: 'appended', receipts: [{ id, part: 0, ledger: ledger.name, seq, hash: `hash ${seq}` }] };
    });
  };
  return {
    calls,
    store: { commit, lanes: 1, sync: options.sync ?? (() => Promise.resolve()) } as unknown as EntryStore,
  };
}

const idsOf = (results: readonly AppendResult[]) => results.flatMap((result) => result.receipts.map((one) => one.id));

/** Until what the store was asked to do shows. */
async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setImmediate(resolve));
}

describe('the appender', () => {
  it('stores in one transaction what came at once, and gives each its own answer', async () => {
    const { calls, store } = createFakeStore();
    const appender = createAppender(store);
    const answers = await Promise.all([
      appender.append(LEDGER, [item('a'), item('b')], [aside('x')]),
      appender.append(LEDGER, [item('c')], []),
      appender.append(LEDGER, [], [aside('y')]),
    ]);
    expect(calls.map(({ ids, aside: digests }) => [ids, digests])).toEqual([
      [
        ['a', 'b', 'c'],
        ['x', 'y'],
      ],
    ]);
    expect(answers.map(idsOf)).toEqual([['a', 'b'], ['c'], []]);
  });

  it('gathers the next batch while one is on its way to the disk', async () => {
    const { calls, store } = createFakeStore({ isHeld: true });
    const appender = createAppender(store);
    const first = appender.append(LEDGER, [item('a')], []);
    await until(() => calls.length === 1);
    const rest = [appender.append(LEDGER, [item('b')], []), appender.append(LEDGER, [item('c')], [])];
    expect([calls.length, appender.waiting]).toEqual([1, 3]);
    calls[0]?.finish();
    await first;
    await until(() => calls.length === 2);
    calls[1]?.finish();
    expect((await Promise.all(rest)).map(idsOf)).toEqual([['b'], ['c']]);
    expect(calls.map((call) => call.ids)).toEqual([['a'], ['b', 'c']]);
    await appender.drain();
    expect(appender.waiting).toBe(0);
  });

  it('keeps ledgers apart, and lets none wait for another', async () => {
    const { calls, store } = createFakeStore({ isHeld: true });
    const appender = createAppender(store);
    const [here, there] = [appender.append(LEDGER, [item('a')], []), appender.append(OTHER, [item('b')], [])];
    await until(() => calls.length === 2);
    calls.find((call) => call.ledger === 'other')?.finish();
    expect(idsOf(await there)).toEqual(['b']);
    calls.find((call) => call.ledger === 'default')?.finish();
    expect(idsOf(await here)).toEqual(['a']);
  });

  it('lets a request that the store refuses fail alone', async () => {
    const { calls, store } = createFakeStore({ isBad: (id) => id === 'bad' });
    const appender = createAppender(store);
    const answers = await Promise.allSettled(['a', 'bad', 'c'].map((id) => appender.append(LEDGER, [item(id)], [])));
    expect(answers.map((answer) => answer.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(calls.map((call) => call.ids)).toEqual([['a', 'bad', 'c'], ['a'], ['bad'], ['c']]);
    await appender.drain();
    expect(appender.waiting).toBe(0);
    expect(idsOf(await appender.append(LEDGER, [item('d')], []))).toEqual(['d']);
  });

  it('tries a request that is alone once', async () => {
    const { calls, store } = createFakeStore({ isBad: () => true });
    await expect(createAppender(store).append(LEDGER, [item('bad')], [])).rejects.toThrow('refused bad');
    expect(calls).toHaveLength(1);
  });

  it('divides what is more than one transaction should hold, and never a request', async () => {
    const { calls, store } = createFakeStore();
    const appender = createAppender(store);
    const many = (name: string, count: number) => Array.from({ length: count }, (_, i) => item(`${name}${i}`));
    await Promise.all([appender.append(LEDGER, many('a', 1_500), []), appender.append(LEDGER, many('b', 600), []), appender.append(LEDGER, many('c', 5_000), []), appender.append(LEDGER, many('d', 1), [])]); // prettier-ignore
    expect(calls.map((call) => call.ids.length)).toEqual([1_500, 600, 5_000, 1]);
  });

  it('tells of the newest entry after each commit that has one', async () => {
    const { store } = createFakeStore({ isBad: (id) => id === 'bad' });
    const told: string[] = [];
    const appender = createAppender(store, { onCommit: (ledger, seq, hash) => told.push(`${ledger} ${seq} ${hash}`) });
    await Promise.all([appender.append(LEDGER, [item('a')], []), appender.append(LEDGER, [item('b')], [])]);
    await appender.append(LEDGER, [item('known')], []);
    await appender.append(LEDGER, [item('bad')], []).catch(() => undefined);
    expect(told).toEqual(['default 2 hash 2']);
  });

  it('answers when the disk has a batch, and links the next meanwhile', async () => {
    const onDisk: (() => void)[] = [];
    const { calls, store } = createFakeStore({ sync: () => new Promise((resolve) => onDisk.push(resolve)) });
    const told: number[] = [];
    const appender = createAppender(store, { onCommit: (_ledger, seq) => told.push(seq) });
    const answered: string[] = [];
    const append = (name: string) => appender.append(LEDGER, [item(name)], []).then(() => answered.push(name));
    const first = append('a');
    await until(() => onDisk.length === 1);
    const second = append('b');
    await until(() => calls.length === 2);
    expect([answered, told, onDisk.length, appender.waiting]).toEqual([[], [], 1, 2]);
    onDisk[0]?.();
    await first;
    expect([answered, told]).toEqual([['a'], [1]]);
    await until(() => onDisk.length === 2);
    onDisk[1]?.();
    await second;
    expect([answered, told, appender.waiting]).toEqual([['a', 'b'], [1, 2], 0]);
  });

  it('answers nobody well when the disk fails', async () => {
    const { store } = createFakeStore({ sync: () => Promise.reject(new Error('EIO')) });
    const told: number[] = [];
    const appender = createAppender(store, { onCommit: (_ledger, seq) => told.push(seq) });
    const answers = await Promise.allSettled([appender.append(LEDGER, [item('a')], []), appender.append(LEDGER, [item('b')], [])]); // prettier-ignore
    expect(answers.map((answer) => answer.status)).toEqual(['rejected', 'rejected']);
    expect([told, appender.waiting]).toEqual([[], 0]);
  });

  it('is drained when nothing is under way', async () => {
    const { calls, store } = createFakeStore({ isHeld: true });
    const appender = createAppender(store);
    await appender.drain();
    const appended = appender.append(LEDGER, [item('a')], []);
    let isDrained = false;
    const drained = appender.drain().then(() => (isDrained = true));
    await until(() => calls.length === 1);
    expect(isDrained).toBe(false);
    calls[0]?.finish();
    await Promise.all([appended, drained]);
    expect(isDrained).toBe(true);
  });
});
