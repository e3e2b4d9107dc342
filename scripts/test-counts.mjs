// A vitest reporter that leaves the counts of a run in the file named by CARILLON_TEST_COUNTS, for test.mjs to
// print after everything else.
import { writeFileSync } from 'node:fs';

/** @implements {import('vitest/reporters').Reporter} */
export default class TestCounts {
  onTestRunEnd(modules, unhandledErrors) {
    const counts = { passed: 0, failed: 0, skipped: 0 };
    for (const module of modules) {
      for (const test of module.children.allTests()) counts[outcomeOf(test)] += 1;
      counts.failed += failuresOutsideTests(module);
    }
    counts.failed += unhandledErrors.length;
    writeFileSync(process.env.CARILLON_TEST_COUNTS, JSON.stringify(counts));
  }
}

function outcomeOf(test) {
  const { state } = test.result();
  // A test that never came to its end (the run was stopped) has shown nothing.
  return state === 'passed' || state === 'skipped' ? state : 'failed';
}

/** A file that cannot be loaded and a group whose hooks fail may hold no failed test, yet failed. */
function failuresOutsideTests(module) {
  const suites = [module, ...module.children.allSuites()];
  return suites.reduce((sum, suite) => sum + suite.errors().length, 0);
}
