import { addTallies, tallyJest, tallyPhpunit } from './tally';

const jestReport = (counts: Record<string, number>) =>
  JSON.stringify({
    numPassedTests: 5,
    numFailedTests: 0,
    numPendingTests: 0,
    numTodoTests: 0,
    numRuntimeErrorTestSuites: 0,
    ...counts,
  });
const phpunitLog = (counts: string) =>
  `<?xml version="1.0"?>\n<testsuites>\n <testsuite name="all" ${counts} time="1.5">\n  <testsuite name="One" tests="99" failures="99"/>`;

describe('what a run comes to', () => {
  it.each([
    ['all passed', jestReport({}), 0, { passed: 5, failed: 0 }],
    ['some failed', jestReport({ numFailedTests: 2 }), 1, { passed: 5, failed: 2 }],
    ['a skipped test', jestReport({ numPendingTests: 1 }), 0, { passed: 5, failed: 1 }],
    ['a test to do', jestReport({ numTodoTests: 1 }), 0, { passed: 5, failed: 1 }],
    ['a suite that did not run', jestReport({ numRuntimeErrorTestSuites: 1 }), 1, { passed: 5, failed: 1 }],
    ['a bad end without a failure', jestReport({}), 1, { passed: 5, failed: 1 }],
    ['no test at all', jestReport({ numPassedTests: 0 }), 0, { passed: 0, failed: 1 }],
    ['no report', undefined, 1, { passed: 0, failed: 1 }],
  ])('jest: %s', (_name, report, status, tally) => {
    expect(tallyJest(report, status)).toEqual(tally);
  });

  it.each([
    [
      'all passed',
      phpunitLog('tests="7" assertions="30" errors="0" warnings="0" failures="0" skipped="0"'),
      0,
      { passed: 7, failed: 0 },
    ],
    [
      'failures, errors, warnings and skipped',
      phpunitLog('tests="7" assertions="30" errors="1" warnings="1" failures="1" skipped="1"'),
      1,
      { passed: 3, failed: 4 },
    ],
    ['a bad end without a failure', phpunitLog('tests="7" errors="0" failures="0"'), 255, { passed: 7, failed: 1 }],
    ['no test at all', phpunitLog('tests="0" errors="0" failures="0"'), 0, { passed: 0, failed: 1 }],
    ['no log', undefined, 2, { passed: 0, failed: 1 }],
  ])('phpunit: %s', (_name, log, status, tally) => {
    expect(tallyPhpunit(log, status)).toEqual(tally);
  });

  it('adds up', () => {
    expect(addTallies({ passed: 1, failed: 2 }, { passed: 3, failed: 4 })).toEqual({ passed: 4, failed: 6 });
  });
});
