// From starting the process on an empty folder to the first answer.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { once } from 'node:events';
import { join } from 'node:path';
import { newUuid } from '../../../shared/ids.ts';
import type { Bench } from '../measure.ts';
import { plainLine } from '../result.ts';
import type { ArmResult } from '../result.ts';
import { pinned, withFolder } from '../spawn.ts';
import { WireClient } from '../wire-client.ts';

interface Started {
  readyMs: number;
  firstDeltaMs: number;
  answerMs: number;
}

const main = join(import.meta.dirname, '../server/main.js');

const startOnce = (wordsPerSecond: number): Promise<Started> =>
  withFolder(async (folder) => {
    const began = performance.now();
    const [command, args] = pinned(0, process.execPath, [main, '--json']);
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        ...process.env,
        NODE_ENV: 'production',
        PORT: '0',
        DATA_DIR: folder,
        LOG_LEVEL: 'error',
        AI_BUILTIN_WORDS_PER_SECOND: String(wordsPerSecond),
      },
    });
    try {
      const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
      const readyMs = performance.now() - began;
      const { url, widgetKey } = JSON.parse(line) as { url: string; widgetKey: string };
      const client = await WireClient.open({ url, namespace: '/widget', query: { widgetKey }, auth: { v: 1 } });
      const { conversationId } = await client.ask<{ conversationId: string }>('session:open', {});
      const answered = new Promise<{ firstDeltaMs: number; answerMs: number }>((resolve) => {
        let firstDeltaMs = 0;
        client.onEvent = (bytes) => {
          const at = performance.now() - began;
          const text = bytes.toString();
          if (firstDeltaMs === 0 && text.includes('"reply.delta"')) firstDeltaMs = at;
          if (text.includes('"message.created"') && text.includes('"kind":"ai"'))
            resolve({ firstDeltaMs, answerMs: at });
        };
      });
      const question = { conversationId, clientId: newUuid(), text: 'What does it cost to hire a kayak?' };
      await client.ask('message:send', question);
      const times = await answered;
      client.close();
      return { readyMs, ...times };
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  });

export const coldStart = async (bench: Bench): Promise<ArmResult> => {
  const atOnce: Started[] = [];
  const paced: Started[] = [];
  for (let round = 0; round < bench.rounds; round += 1) {
    atOnce.push(await startOnce(0));
    paced.push(await startOnce(15));
    const [now, later] = [atOnce.at(-1)!, paced.at(-1)!];
    bench.log(
      `  round ${round + 1}: ready ${now.readyMs.toFixed(0)} ms, answered ${now.answerMs.toFixed(0)} ms; paced: first words ${later.firstDeltaMs.toFixed(0)} ms, whole ${later.answerMs.toFixed(0)} ms`,
    );
  }
  const bound = { unit: 'ms', gate: { at: 'most', value: 3000 } } as const;
  return {
    lines: [
      plainLine(
        { ...bound, name: 'cold start to ready', gate: null },
        atOnce.map(({ readyMs }) => readyMs),
      ),
      plainLine(
        { ...bound, name: 'cold start to the first answer, whole' },
        atOnce.map(({ answerMs }) => answerMs),
      ),
      plainLine(
        { ...bound, name: 'cold start to first words, at the default pace' },
        paced.map(({ firstDeltaMs }) => firstDeltaMs),
      ),
      plainLine(
        {
          ...bound,
          name: 'cold start to the whole answer, at the default pace',
          gate: null,
          note: '15 words a second by choice',
        },
        paced.map(({ answerMs }) => answerMs),
      ),
    ],
    curves: [],
    raw: { atOnce, paced },
  };
};
