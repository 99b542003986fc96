// `npm start`: builds what is older than its sources, then becomes the server.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`Tiller needs Node.js 20.19 or newer; this is ${process.versions.node}.`);
  process.exit(1);
}
process.env.NODE_ENV ??= 'production';
process.setSourceMapsEnabled(true);

const { buildStale } = await import('./build.mjs');
try {
  // On stderr: with --json, stdout holds one line and nothing else.
  await buildStale({ onBuild: (names) => console.error(`Building ${names.join(', ')}…`) });
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
// In this very process: signals and the exit code are the server's own.
await import('../dist/server/main.js');
