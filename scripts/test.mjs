// `npm test`: every test that this machine can run. Says what was skipped and what to install for it; the last line counts.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { buildStale, root } from './build.mjs';

/** What a skipped test's title may say that it needs, as `(needs redis-server)`, and how it is installed. */
const installs = {
  chromium: 'apt-get install -y chromium',
  'redis-server': 'apt-get install -y redis-server',
  nginx: 'apt-get install -y nginx',
  postgresql: 'apt-get install -y postgresql',
  curl: 'apt-get install -y curl',
  schemathesis: 'pip install schemathesis',
  'openapi-spec-validator': 'pip install openapi-spec-validator',
  mongodb:
    'apt-get install -y postgresql && bash test/support/ferretdb/build.sh (needs Go), or set MONGODB_URL to a running MongoDB',
  mount: 'run the tests as root on Linux, outside of a container that forbids mount(8)',
  'mongodb-process': 'apt-get install -y postgresql && bash test/support/ferretdb/build.sh (needs Go)',
};

const requiresAll = process.env['TILLER_TEST_REQUIRE'] === 'all';

const runVitest = (report, retried) =>
  new Promise((resolve, reject) => {
    const vitest = join(root, 'node_modules/vitest/vitest.mjs');
    const ours = `--reporter=${join(root, 'scripts/retried-reporter.mjs')}`;
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ours];
    const child = spawn(process.execPath, [vitest, 'run', ...reporters, ...process.argv.slice(2)], {
      cwd: root,
      env: { ...process.env, TILLER_TEST_RETRIED: retried },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });

/** What a finished run holds, by file; a file that failed before its first test counts as one failure. */
const countsOf = (results) => {
  const counts = { passed: 0, failed: 0, skipped: [] };
  for (const file of results.testResults) {
    const states = file.assertionResults.map(({ status }) => status);
    counts.passed += states.filter((status) => status === 'passed').length;
    counts.failed += states.filter((status) => status === 'failed').length;
    if (file.status === 'failed' && !states.includes('failed')) counts.failed += 1;
    for (const { status, fullName } of file.assertionResults) {
      if (status !== 'passed' && status !== 'failed')
        counts.skipped.push({ file: relative(root, file.name), fullName });
    }
  }
  return counts;
};

const tellSkipped = (skipped) => {
  const hints = new Set();
  const files = groupByFile(skipped);
  console.log('\nSkipped:');
  for (const [file, tests] of files) {
    console.log(`  ${file}: ${tests.length}`);
    for (const { fullName } of tests.slice(0, 3)) console.log(`    ${fullName}`);
    if (tests.length > 3) console.log(`    … and ${tests.length - 3} more`);
    for (const { fullName } of tests) {
      for (const [, need] of fullName.matchAll(/\(needs ([\w-]+)\)/g))
        hints.add(`${need}: ${installs[need] ?? 'install it'}`);
    }
  }
  if (hints.size > 0) console.log(`To run them too:\n${[...hints].map((hint) => `  ${hint}`).join('\n')}`);
  if (requiresAll) console.log('TILLER_TEST_REQUIRE=all: a skipped test is a failure.');
};

const tellRetried = (names) => {
  if (names.length > 0) console.log(`\nPassed on a second try:\n${names.map((name) => `  ${name}`).join('\n')}`);
};

const groupByFile = (skipped) => {
  const files = new Map();
  for (const test of skipped) files.set(test.file, [...(files.get(test.file) ?? []), test]);
  return files;
};

const finish = ({ passed, failed, skipped }, isFine) => {
  if (skipped.length > 0) tellSkipped(skipped);
  console.log(`\n${passed} passed, ${failed} failed, ${skipped.length} skipped`);
  process.exitCode = isFine ? 0 : 1;
};

const folder = mkdtempSync(join(tmpdir(), 'tiller-test-'));
const nothing = { passed: 0, failed: 0, skipped: [] };
try {
  await buildStale({ onBuild: (names) => console.log(`Building ${names.join(', ')}…`) });
  const report = join(folder, 'report.json');
  const retried = join(folder, 'retried.json');
  const code = await runVitest(report, retried);
  tellRetried(existsSync(retried) ? JSON.parse(readFileSync(retried, 'utf8')) : []);
  const counts = countsOf(JSON.parse(readFileSync(report, 'utf8')));
  if (counts.passed + counts.failed === 0) {
    console.error('No test ran.');
    finish(counts, false);
  } else {
    // An error outside of every test (an unhandled rejection) fails the run without failing a test.
    if (code !== 0 && counts.failed === 0) counts.failed = 1;
    finish(counts, counts.failed === 0 && !(requiresAll && counts.skipped.length > 0));
  }
} catch (error) {
  console.error(error.message);
  finish({ ...nothing, failed: 1 }, false);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
