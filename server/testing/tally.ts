export interface Tally {
  readonly passed: number;
  readonly failed: number;
}

export const NOTHING_RAN: Tally = { passed: 0, failed: 0 };

export function addTallies(a: Tally, b: Tally): Tally {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed };
}

interface JestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  /** Suites that did not get as far as their tests. */
  readonly numRuntimeErrorTestSuites: number;
}

/** What jest's `--json` report says. A skipped test and a suite that did not run count as failed, and so does no report at all. */
export function tallyJest(report: string | undefined, status: number): Tally {
  const { numPassedTests: passed = 0, ...rest } = JSON.parse(report ?? '{}') as Partial<JestReport>;
  const { numFailedTests = 0, numPendingTests = 0, numTodoTests = 0, numRuntimeErrorTestSuites = 0 } = rest;
  return withStatus(passed, numFailedTests + numPendingTests + numTodoTests + numRuntimeErrorTestSuites, status);
}

/** What phpunit's JUnit log says; the same rules. */
export function tallyPhpunit(log: string | undefined, status: number): Tally {
  // The first test suite is the one that holds all others.
  const attributes = /<testsuite\s[^>]*>/.exec(log ?? '')?.[0] ?? '';
  const count = (name: string) => Number(new RegExp(`\\s${name}="(\\d+)"`).exec(attributes)?.[1] ?? 0);
  const failed = count('errors') + count('failures') + count('skipped') + count('warnings');
  return withStatus(count('tests') - failed, failed, status);
}

/** A program that ended badly, or ran nothing, has one failure more than it tells. */
function withStatus(passed: number, failed: number, status: number): Tally {
  return { passed, failed: failed === 0 && (status !== 0 || passed === 0) ? 1 : failed };
}
