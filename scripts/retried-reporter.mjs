// A reporter of the tests that passed on a second try only, for `npm test`: what is shaky must not hide behind what is green.
import { writeFileSync } from 'node:fs';

export default class RetriedReporter {
  onTestRunEnd(modules) {
    const file = process.env['TILLER_TEST_RETRIED'];
    if (file === undefined) return;
    const retried = modules.flatMap((module) =>
      [...module.children.allTests('passed')]
        .filter((test) => (test.diagnostic()?.retryCount ?? 0) > 0)
        .map((test) => `${module.relativeModuleId}: ${test.fullName}`),
    );
    writeFileSync(file, JSON.stringify(retried));
  }
}
