// `npm run import -- data/ mongodb://…`: builds what is older than its sources, then copies and compares (server/import.ts).
import { buildStale } from './build.mjs';

process.setSourceMapsEnabled(true);
try {
  await buildStale({ onBuild: (names) => console.error(`Building ${names.join(', ')}…`) });
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
await import('../dist/import/import.js');
