// `npm run build && npx tsx test/screens/take.ts [scene…]`: pictures of every screen in every state, for eyes, into test-results/screens.
import { consoleScenes } from './console-scenes.ts';
import { setStage } from './stage.ts';
import { visitorScenes } from './visitor-scenes.ts';

const scenes: Record<string, (stage: Awaited<ReturnType<typeof setStage>>) => Promise<void>> = {
  // Empty before anybody has written.
  ...consoleScenes.first,
  ...visitorScenes,
  ...consoleScenes.later,
};
const wanted = process.argv.slice(2);
const stage = await setStage();
try {
  for (const [name, play] of Object.entries(scenes)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const began = performance.now();
    try {
      await play(stage);
      console.log(`${name}: ${((performance.now() - began) / 1000).toFixed(1)} s`);
    } catch (error) {
      console.error(`${name} broke off:`, error);
      process.exitCode = 1;
    }
  }
} finally {
  await stage.close();
}
