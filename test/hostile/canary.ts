// Somebody else on the same server, who must not notice an attack.
import { newUuid } from '../../shared/ids.ts';
import { openVisitor } from '../support/raw-client.ts';

export interface Canary {
  /** Asks, on the connection it has had all along; how long the answer took, ms. @throws where it was cut off */
  sings(): Promise<number>;
  close(): void;
}

/** The promise is 200 ms; a machine that runs other tests at the same time gets a second. */
export const canaryMs = 1000;

export const startCanary = async (url: string, widgetKey: string): Promise<Canary> => {
  const { client, conversationId } = await openVisitor(url, widgetKey);
  let wasCut = false;
  client.socket.on('disconnect', () => (wasCut = true));
  await client.must('message:send', { conversationId, clientId: newUuid(), text: 'Is anybody there?' });
  await client.untilFact('message.created', ({ author }) => author.kind === 'ai');
  return {
    async sings() {
      const began = performance.now();
      const { facts } = await client.must<{ facts: unknown[] }>('facts:since', { conversationId, sinceSeq: 0 });
      const took = performance.now() - began;
      if (wasCut) throw new Error('the canary was cut off');
      if (facts.length < 3) throw new Error('the canary lost its conversation');
      return took;
    },
    close: () => {
      wasCut = false;
      client.close();
    },
  };
};
