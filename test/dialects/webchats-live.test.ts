// Contract 002's switches on sockets that are open, and the pipeline fields on the people who write.
import { describe, expect, test, vi } from 'vitest';
import type { Pipeline } from '../../server/ports/documents.ts';
import { createPipeline } from '../../server/usecases/pipelines.ts';
import { systemClock } from '../../server/ports/clock.ts';
import type { Widget } from '../../shared/widget.ts';
import { connectStaff, connectVisitor, openVisitor } from '../support/raw-client.ts';
import { provisioned } from './provisioned.ts';
import { required, webchatCalls } from './webchat-calls.ts';

const world = provisioned();

const { send, create, put, widgetOf } = webchatCalls(world);
const make = async (body: object = {}): Promise<{ _id: string; widget: Widget }> => {
  const { _id } = await create(body);
  return { _id, widget: await widgetOf(_id) };
};
/** Milliseconds until something that an earlier moment brought about. */
const since = (moment: number): number => performance.now() - moment;
const open = (widget: Widget) => openVisitor(world.server.url, widget.widgetKey);

describe('on live sockets', () => {
  test('isAutopilot is followed within a second: drafts while it is off, answers while it is on', async () => {
    // Somebody is there to look at drafts, so that nothing waits for a person first.
    const staff = await connectStaff(world.server.url, world.keys.console);
    const { _id, widget } = await make();
    const { client, conversationId } = await open(widget);
    const say = (text: string) => client.must('message:send', { conversationId, clientId: crypto.randomUUID(), text });
    const isByAi = (fact: { author: { kind: string } }) => fact.author.kind === 'ai';
    await say('What does a kayak cost?');
    const on = performance.now();
    await put(_id, { isAutopilot: true });
    await client.untilFact('control.changed', (fact) => fact.isAutopilot);
    expect(since(on)).toBeLessThan(1000);
    await client.untilFact('message.created', isByAi);
    const off = performance.now();
    await put(_id, { isAutopilot: false });
    const { seq } = await client.untilFact('control.changed', (fact) => !fact.isAutopilot);
    expect(since(off)).toBeLessThan(1000);
    await say('And for two?');
    // The log says what the visitor never sees: a draft, and no further message of the AI.
    await vi.waitFor(async () => {
      const facts = await world.server.node.store.factsAfter(conversationId, seq, 50);
      expect(facts.some(({ type }) => type === 'draft.created')).toBe(true);
    });
    const facts = await world.server.node.store.factsAfter(conversationId, seq, 50);
    expect(facts.some((fact) => fact.type === 'message.created' && isByAi(fact))).toBe(false);
    client.close();
    staff.close();
  });

  test('isEnabled false closes its sockets within a second and lets nobody in; true lets them in again', async () => {
    const { _id, widget } = await make({ isAutopilot: true });
    const { client } = await open(widget);
    const bystander = await open((await make()).widget);
    const closed = new Promise<void>((resolve) => void client.socket.once('disconnect', () => resolve()));
    const began = performance.now();
    await put(_id, { isEnabled: false });
    await closed;
    expect(since(began)).toBeLessThan(1000);
    const refusal = await connectVisitor(world.server.url, widget.widgetKey).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(Error);
    expect((await world.send(`GET /w/${widget.widgetKey}`)).status).toBe(403);
    await put(_id, { isEnabled: true });
    (await open(widget)).client.close();
    expect(bystander.client.socket.connected).toBe(true);
    bystander.client.close();
  });

  test('other domains close its sockets, a rotated key and a deletion too', async () => {
    for (const change of [
      ({ _id }: { _id: string }) => send(`PUT /api/webchats/${_id}`, { allowedDomains: ['example.com'] }),
      ({ _id }: { _id: string }) => send(`POST /api/webchats/${_id}/rotate-key`, {}),
      ({ _id }: { _id: string }) => send(`DELETE /api/webchats/${_id}`),
    ]) {
      const made = await make();
      const { client } = await open(made.widget);
      const closed = new Promise<void>((resolve) => void client.socket.once('disconnect', () => resolve()));
      expect((await change(made)).status).toBe(200);
      await closed;
    }
  });

  test('the survey that a closed conversation asks for has the colours and thanks of the contract', async () => {
    const { widget } = await make({
      csatBackgroundColor: '#F3F4F6',
      csatTextColor: '#111827',
      csatThankYouMessage: 'Merci!',
    });
    const client = await connectVisitor(world.server.url, widget.widgetKey);
    const view = await client.must<{
      widget: { theme: { light: Record<string, string> }; texts: Record<string, string> };
    }>('session:open', {});
    expect(view.widget.theme.light).toMatchObject({ csat: '#f3f4f6', onCsat: '#111827' });
    expect(view.widget.texts['csatThanks']).toBe('Merci!');
    client.close();
  });
});

describe('pipelines', () => {
  const deps = () => ({ store: world.server.node.store, clock: systemClock });
  const orgId = 'org_65a0e0e0e0e0e0e0e0e0e0e0';
  const another = (): Promise<Pipeline> =>
    createPipeline(deps(), orgId, {
      name: 'Groups',
      stages: ['new', 'asked', 'booked'].map((key) => ({ key, name: key })),
    });
  const contactBy = async (widget: Widget) => {
    const { client, conversationId } = await open(widget);
    await client.must('message:send', { conversationId, clientId: crypto.randomUUID(), text: 'Hello' });
    const { state } = (await world.server.node.store.state(conversationId))!;
    const contact = await vi.waitFor(async () => {
      const found = await world.server.node.store.documents.contacts.get(orgId, state.contactId!);
      expect(found?.stageId).toBeDefined();
      return found!;
    });
    client.close();
    const { json } = await send(`GET /api/contacts/${contact.id.slice(-24)}`);
    return json.data;
  };

  test('initialStage alone is a key or an id of the default pipeline, and new contacts enter there', async () => {
    const { json } = await send('GET /api/pipelines/66f0a0b0c0d0e0f0a0b0c0d0');
    const won = json.data.stages.find(({ key }: { key: string }) => key === 'won');
    for (const initialStage of ['won', won._id]) {
      const { _id, widget } = await make({ initialStage });
      const read = (await send(`GET /api/webchats/${_id}`)).json.data;
      expect(read.initialStage).toBe(initialStage);
      expect('pipelineId' in read || 'pipelineStage' in read).toBe(false);
      expect(await contactBy(widget)).toMatchObject({
        pipelineId: json.data._id,
        pipelineStage: won._id,
        webchatId: _id,
      });
    }
  });

  test('pipelineStage wins over initialStage, until it is cleared', async () => {
    const pipeline = await another();
    const [entry, asked, booked] = pipeline.stages;
    const sent = { pipelineId: pipeline.hexId, pipelineStage: booked!.hexId, initialStage: 'asked' };
    const { _id, widget } = await make(sent);
    expect((await send(`GET /api/webchats/${_id}`)).json.data).toMatchObject(sent);
    expect(await contactBy(widget)).toMatchObject({ pipelineId: pipeline.hexId, pipelineStage: booked!.hexId });
    await put(_id, { initialStage: 'new' });
    expect((await widgetOf(_id)).stageId).toBe(booked!.id);
    const cleared = await put(_id, { pipelineStage: null });
    expect(['pipelineStage' in cleared, cleared.initialStage]).toEqual([false, 'new']);
    expect((await widgetOf(_id)).stageId).toBe(entry!.id);
    await put(_id, { initialStage: asked!.hexId.toUpperCase() });
    expect((await widgetOf(_id)).stageId).toBe(asked!.id);
  });

  test('a stage of another pipeline is 400 by its path, also where only the pipeline was sent', async () => {
    const pipeline = await another();
    const asked = pipeline.stages[1]!;
    const wrong: [object, string][] = [
      [{ pipelineStage: asked.hexId }, 'pipelineStage'],
      [{ initialStage: asked.hexId }, 'initialStage'],
      [{ pipelineId: pipeline.hexId, pipelineStage: '67f0a0b0c0d0e0f0a0b0c0d0' }, 'pipelineStage'],
    ];
    for (const [body, path] of wrong) {
      const answer = await send('POST /api/webchats', { ...required, ...body });
      expect([answer.status, answer.json.errors.map((error: { path: string }) => error.path)]).toEqual([400, [path]]);
    }
    const { _id } = await make({ initialStage: 'won' });
    const before = (await send(`GET /api/webchats/${_id}`)).json;
    const moved = await send(`PUT /api/webchats/${_id}`, { pipelineId: pipeline.hexId });
    expect([moved.status, moved.json.errors[0].path]).toEqual([400, 'initialStage']);
    expect((await send(`GET /api/webchats/${_id}`)).json).toEqual(before);
    // A key that both pipelines have goes along, and back.
    const shared = await make();
    expect(await put(shared._id, { pipelineId: pipeline.hexId })).toMatchObject({
      pipelineId: pipeline.hexId,
      initialStage: 'new',
    });
    expect((await widgetOf(shared._id)).stageId).toBe(pipeline.stages[0]!.id);
    expect('pipelineId' in (await put(shared._id, { pipelineId: null }))).toBe(false);
  });

  test('a stage chosen in the console is what the contract reads from then on', async () => {
    const pipeline = await another();
    const sent = { pipelineId: pipeline.hexId, pipelineStage: pipeline.stages[1]!.hexId, initialStage: 'asked' };
    const { _id, widget } = await make(sent);
    await world.console(`PATCH /widgets/${widget.id}`, { stageId: pipeline.stages[2]!.id });
    expect((await send(`GET /api/webchats/${_id}`)).json.data).toMatchObject({
      pipelineStage: pipeline.stages[2]!.hexId,
      initialStage: 'booked',
    });
    await world.console(`PATCH /widgets/${widget.id}`, { stageId: '', pipelineId: '' });
    const bare = (await send(`GET /api/webchats/${_id}`)).json.data;
    expect(['pipelineId' in bare, 'pipelineStage' in bare, bare.initialStage]).toEqual([false, false, 'new']);
    // Renamed in the console: read under the new key, and sent back without harm.
    const { _id: other } = await make({ pipelineId: pipeline.hexId, initialStage: 'asked' });
    await world.console(`PATCH /pipelines/${pipeline.id}`, {
      stages: pipeline.stages.map(({ id, key, name }) => ({ id, key: key === 'asked' ? 'spoken' : key, name })),
    });
    const renamed = (await send(`GET /api/webchats/${other}`)).json.data;
    expect(renamed.initialStage).toBe('spoken');
    expect(await put(other, renamed)).toMatchObject({ initialStage: 'spoken', pipelineId: pipeline.hexId });
  });
});
