// Every command of both namespaces: a good call, bad ones, and one for what is somebody else's.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { staffCommands, visitorCommands } from '../../shared/commands.ts';
import type { CommandSpec, StaffCommandName, VisitorCommandName } from '../../shared/commands.ts';
import { newUuid } from '../../shared/ids.ts';
import { connectStaff, connectVisitor, openVisitor } from '../support/raw-client.ts';
import type { RawClient } from '../support/raw-client.ts';
import { startServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';
import { addMember, addTenant, firstOrganisation } from '../support/tenant.ts';
import type { Tenant } from '../support/tenant.ts';

let server: TestServer;
let other: Tenant;
let staff: RawClient;
let colleagueId: string;
/** A stranger's conversation on the same widget, and one of the other organisation. */
let strangers: string;
let foreign: string;

beforeAll(async () => {
  server = await startServer();
  other = await addTenant(server);
  staff = await connectStaff(server.url, server.firstRun.keys.console);
  const { orgId } = await firstOrganisation(server);
  colleagueId = (await addMember(server, orgId, 'Theo')).member.id;
  strangers = (await talking(server.firstRun.widgetKey)).conversationId;
  foreign = (await talking(other.widget.widgetKey)).conversationId;
});
afterAll(async () => {
  staff.close();
  await server.stop();
});

/** A visitor whose first message was answered. */
const talking = async (widgetKey: string): Promise<{ client: RawClient; conversationId: string }> => {
  const { client, conversationId } = await openVisitor(server.url, widgetKey);
  await client.must('message:send', { conversationId, clientId: newUuid(), text: 'Hello' });
  await client.untilFact('message.created', ({ author }) => author.kind === 'ai');
  return { client, conversationId };
};

interface Row {
  /** Brings the conversation into the state that the call needs. */
  prepare?: (scene: Scene) => Promise<unknown>;
  input: (scene: Scene) => object;
  /** Inputs that must be refused as `invalid` or `too_large`, with the path of the problem. */
  bad: [object, string][];
}
interface Scene {
  client: RawClient;
  conversationId: string;
  draftId: string;
}

const long = 'x'.repeat(5000);
const id = ({ conversationId }: Scene): object => ({ conversationId });
const noId: [object, string] = [{}, 'conversationId'];
const badKey: [object, string] = [{ clientId: 'not-a-uuid' }, 'clientId'];

const visitorRows: Record<VisitorCommandName, Row> = {
  'session:open': {
    input: () => ({ page: { url: 'https://example.com/' } }),
    bad: [[{ page: { url: 7 } }, 'page.url'], [{ since: { seq: -1, id: '' } }, 'since.seq'], badKey],
  },
  'message:send': {
    input: (scene) => ({ ...id(scene), text: 'Hi' }),
    bad: [
      noId,
      [{ text: '' }, 'text'],
      [{ text: '  \n ' }, 'text'],
      [{ text: long }, 'text'],
      [{ text: { $gt: '' } }, 'text'],
      [{ text: 'a\u0000b' }, 'text'],
      badKey,
    ],
  },
  'facts:since': {
    input: (scene) => ({ ...id(scene), sinceSeq: 0 }),
    bad: [noId, [{ since: { seq: 'a', id: '' } }, 'since.seq']],
  },
  'facts:before': {
    input: (scene) => ({ ...id(scene), seq: 3, limit: 10 }),
    bad: [noId, [{ seq: -1 }, 'seq'], [{ seq: 1, limit: 1000 }, 'limit']],
  },
  'message:read': { input: (scene) => ({ ...id(scene), seq: 1 }), bad: [noId, [{ seq: 1.5 }, 'seq']] },
  'typing:set': {
    input: (scene) => ({ ...id(scene), isTyping: true, preview: 'I wo' }),
    bad: [noId, [{ isTyping: 'yes' }, 'isTyping'], [{ isTyping: true, preview: long }, 'preview']],
  },
  'reply:stop': { input: id, bad: [noId, badKey] },
  'handoff:request': {
    input: (scene) => ({ ...id(scene), reason: 'a refund' }),
    bad: [noId, [{ reason: long }, 'reason']],
  },
  'lead:submit': {
    input: (scene) => ({ ...id(scene), email: 'ann@example.com', customFields: { size: 'L' } }),
    bad: [
      noId,
      [{ email: 'nope' }, 'email'],
      [{ phone: '12' }, 'phone'],
      [{ customFields: { a: { b: 1 } } }, 'customFields.a'],
    ],
  },
  'csat:submit': {
    input: (scene) => ({ ...id(scene), rating: 5 }),
    bad: [noId, [{ rating: 6 }, 'rating'], [{ rating: '5' }, 'rating']],
  },
  'behavior:track': {
    input: () => ({ events: [{ type: 'page_view' }], metrics: { timeOnPage: 1000, scrollDepth: 50, clickCount: 1 } }),
    bad: [
      [{ events: 'none' }, 'events'],
      [{ events: Array.from({ length: 51 }, () => ({ type: 'click' })) }, 'events'],
    ],
  },
  'visitor:identify': {
    input: () => ({ name: 'Ann', email: 'ann@example.com' }),
    // A token of the wrong shape is refused, not passed over for the fields beside it.
    bad: [
      [{ name: 7 }, 'name'],
      [{ token: 7, name: 'Ann' }, 'token'],
      [{ token: 'x'.repeat(4097), name: 'Ann' }, 'token'],
    ],
  },
  'visitor:logout': { input: () => ({}), bad: [] },
  'conversation:new': { input: () => ({ clientId: newUuid() }), bad: [badKey] },
};

const take = ({ conversationId }: Scene): Promise<unknown> => staff.must('conversation:take', { conversationId });
const draft = async (scene: Scene): Promise<void> => {
  const { client, conversationId } = scene;
  await staff.must('conversation:open', { conversationId });
  await staff.must('autopilot:set', { conversationId, isAutopilot: false });
  await client.must('message:send', { conversationId, clientId: newUuid(), text: 'What does a kayak cost?' });
  const { draftId } = await staff.untilFact('draft.created', (fact) => fact.conversationId === conversationId);
  scene.draftId = draftId;
};

const staffRows: Record<StaffCommandName, Row> = {
  'inbox:open': {
    input: () => ({ filter: 'open' }),
    bad: [
      [{ filter: 'all' }, 'filter'],
      [{ cursor: 5 }, 'cursor'],
    ],
  },
  'conversation:open': { input: id, bad: [noId] },
  'conversation:leave': { input: id, bad: [noId] },
  'conversation:take': { input: id, bad: [noId, badKey] },
  'conversation:release': {
    prepare: take,
    input: (scene) => ({ ...id(scene), to: 'queue' }),
    bad: [noId, [{ to: 'nobody' }, 'to']],
  },
  'conversation:assign': {
    input: (scene) => ({ ...id(scene), agentId: colleagueId }),
    bad: [noId, [{ agentId: '' }, 'agentId']],
  },
  'conversation:close': { input: id, bad: [noId] },
  'conversation:reopen': { input: id, bad: [noId] },
  'autopilot:set': {
    input: (scene) => ({ ...id(scene), isAutopilot: false }),
    bad: [noId, [{ isAutopilot: 1 }, 'isAutopilot']],
  },
  'reply:stop': { input: id, bad: [noId] },
  'message:send': {
    prepare: take,
    input: (scene) => ({ ...id(scene), text: 'By hand' }),
    bad: [noId, [{ text: '' }, 'text'], [{ text: long }, 'text']],
  },
  'note:add': { input: (scene) => ({ ...id(scene), text: 'A note' }), bad: [noId, [{ text: ' ' }, 'text']] },
  'draft:approve': {
    prepare: draft,
    input: (scene) => ({ ...id(scene), draftId: scene.draftId }),
    bad: [noId, [{ draftId: 3 }, 'draftId']],
  },
  'draft:reject': { prepare: draft, input: (scene) => ({ ...id(scene), draftId: scene.draftId }), bad: [noId] },
  'draft:request': { prepare: take, input: id, bad: [noId] },
  'label:set': {
    input: (scene) => ({ ...id(scene), labels: ['vip'] }),
    bad: [noId, [{ labels: 'vip' }, 'labels'], [{ labels: [''] }, 'labels.0']],
  },
  'conversation:spam': {
    input: (scene) => ({ ...id(scene), isSpam: true }),
    bad: [noId, badKey, [{ isSpam: 'yes' }, 'isSpam']],
  },
  'conversation:ban': {
    input: (scene) => ({ ...id(scene), kind: 'contact', reason: 'Rude', forSeconds: 3600 }),
    bad: [
      noId,
      [{ kind: 'everybody' }, 'kind'],
      [{ kind: 'range' }, 'range'],
      [{ kind: 'range', range: '0.0.0.0/0' }, 'range'],
      [{ kind: 'address', address: 'xxxxx' }, 'address'],
      [{ expiresAt: 5 }, 'expiresAt'],
      [{ reason: long }, 'reason'],
    ],
  },
  'typing:set': { input: (scene) => ({ ...id(scene), isTyping: true }), bad: [noId] },
  'message:read': { input: (scene) => ({ ...id(scene), seq: 2 }), bad: [noId] },
  'facts:since': { input: (scene) => ({ ...id(scene), sinceSeq: 0 }), bad: [noId] },
  'facts:before': { input: (scene) => ({ ...id(scene), seq: 2 }), bad: [noId] },
  'presence:set': { input: () => ({ status: 'online' }), bad: [[{ status: 'asleep' }, 'status']] },
};

const scene = async (): Promise<Scene> => ({ ...(await talking(server.firstRun.widgetKey)), draftId: '' });
const isAbout = (spec: CommandSpec): boolean =>
  spec.input.safeParse({}).error?.issues.some(({ path }) => path[0] === 'conversationId') ?? false;

const headOf = async (conversationId: string): Promise<number> =>
  (await server.node.store.state(conversationId))?.state.head.seq ?? 0;

for (const [space, table, rows, speaker] of [
  ['/widget', visitorCommands, visitorRows, ({ client }: Scene) => client],
  ['/console', staffCommands, staffRows, () => staff],
] as const) {
  describe.each(Object.entries(table) as [string, CommandSpec][])(`${space} %s`, (name, spec) => {
    const row = (rows as Record<string, Row>)[name]!;

    it('does what it says, and its ack is of the documented shape', async () => {
      const at = await scene();
      await row.prepare?.(at);
      const data = await speaker(at).must(name, row.input(at));
      expect(spec.output.safeParse(data).error).toBeUndefined();
      at.client.close();
    });

    it('refuses bad input by its path, echoes nothing of it and stores nothing', async () => {
      const at = await scene();
      const before = await headOf(at.conversationId);
      for (const [bad, path] of row.bad) {
        const input = bad === noId[0] ? bad : { ...row.input(at), ...bad };
        const ack = await speaker(at).ask(name, input);
        if (ack.ok) throw new Error(`${JSON.stringify(bad)} was accepted`);
        expect(['invalid', 'too_large']).toContain(ack.error.code);
        const problems = ack.error.details as { path: string }[];
        expect(problems.map((problem) => problem.path)).toContain(path);
        expect(JSON.stringify(ack)).not.toContain('xxxxx');
      }
      expect(await headOf(at.conversationId)).toBe(before);
      at.client.close();
    });

    if (!isAbout(spec)) return;
    it("does not find what is somebody else's", async () => {
      const at = await scene();
      await row.prepare?.(at);
      const theirs =
        space === '/widget'
          ? [strangers, foreign, 'conv_000000000000000000000000']
          : [foreign, 'conv_000000000000000000000000'];
      for (const conversationId of theirs) {
        const before = await headOf(conversationId);
        const ack = await speaker(at).ask(name, { ...row.input(at), conversationId });
        // Leaving what one never entered says nothing about it.
        if (name === 'conversation:leave') expect(ack.ok).toBe(true);
        else expect(ack).toMatchObject({ ok: false, error: { code: 'not_found' } });
        expect(await headOf(conversationId)).toBe(before);
      }
      at.client.close();
    });
  });
}

describe('beside the tables', () => {
  it('answers an unknown command with `invalid`, and names of the language with the same', async () => {
    const { client } = await scene();
    for (const name of ['no:such', 'constructor', '__proto__', 'toString', 'error']) {
      expect(await client.ask(name, {})).toMatchObject({ ok: false, error: { code: 'invalid' } });
    }
    client.close();
  });

  it('does without an ack, and without an input', async () => {
    const { client, conversationId } = await scene();
    client.socket.emit('message:send', { conversationId, clientId: newUuid(), text: 'no ack' });
    await client.untilFact('message.created', ({ text }) => text === 'no ack');
    client.socket.emit('message:send');
    client.socket.emit('message:send', null, 5, 'x');
    expect(await client.ask('reply:stop', null)).toMatchObject({ ok: false, error: { code: 'invalid' } });
    client.close();
  });

  it('strips fields it does not know: a newer client may talk to an older server', async () => {
    const { client, conversationId } = await scene();
    await client.must('message:send', { conversationId, clientId: newUuid(), text: 'new', sparkle: true });
    const said = await client.untilFact('message.created', ({ text }) => text === 'new');
    expect(said).not.toHaveProperty('sparkle');
    client.close();
  });

  it('asks for a session first', async () => {
    const client = await connectVisitor(server.url, server.firstRun.widgetKey);
    const ack = await client.ask('message:send', { conversationId: strangers, clientId: newUuid(), text: 'x' });
    expect(ack).toMatchObject({ ok: false, error: { code: 'unauthenticated' } });
    client.close();
  });
});
