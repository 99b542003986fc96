// A CPU profile of just the measured stretch, written where the results lie.
import { writeFile } from 'node:fs/promises';
import { Session } from 'node:inspector/promises';

let session: Session | undefined;

export const startProfile = async (): Promise<void> => {
  session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: 200 });
  await session.post('Profiler.start');
};

export const stopProfile = async ({ file }: { file: string }): Promise<void> => {
  const { profile } = await session!.post('Profiler.stop');
  await writeFile(file, JSON.stringify(profile));
  session!.disconnect();
};
