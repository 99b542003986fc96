// The conversations of the gallery: every state that a screen must survive, and a thousand others for the list.
import { Story, me, theo } from './story.ts';

const hour = 3_600_000;

export const longAnswer = `Here is what a day on the water costs:

| What | Half day | Day |
| --- | --- | --- |
| Single kayak | £28 | £45 |
| Double kayak | £42 | £68 |
| Paddleboard | £24 | £38 |

1. Choose a boat and a day on the [booking page](https://selwick.example/book).
2. Come **fifteen minutes** early, for the safety talk.
3. Bring a towel, shoes that may get wet, and a hat.

> Children under eight sit in a double kayak with an adult.

\`\`\`
Selwick Kayaks, Quay Road 4, a long line of code that has to scroll sideways rather than to break the layout
\`\`\`

Anything else? I can ask a person to call you back.`;

/** What a text may try; nothing of it may become more than text. */
export const hostile = `<img src=x onerror="window.__hit=1"> <script>window.__hit=1</script>
[click](javascript:window.__hit=1) [data](data:text/html,<script>window.__hit=1</script>) ![pixel](https://evil.example/p.png)
[ok](https://selwick.example/ok) [mail](mailto:a@selwick.example) see [1] and $5 or $a lot
${'> '.repeat(60)}deep ${'- '.repeat(40)}lists
**bold [link](vbscript:x)** \`code <b>\` https://selwick.example/raw`;

const needs = (now: number): Story =>
  new Story('conv_needs', { at: now - 0.4 * hour })
    .named('Anna Bergström', 'anna@example.com')
    .visitor('Hi! We are 14 people for a birthday on Saturday. Can you do a group price?')
    .ai('Groups of ten and more get 15 % off. For fourteen people a person should confirm the boats.', {
      sources: [{ title: 'Groups and birthdays', url: 'https://selwick.example/groups' }, { title: 'Prices' }],
    })
    .visitor('Yes please, let me talk to somebody')
    .control({ reason: 'handoff', waiting: 'handoff', note: 'asked for a person' });

const streaming = (now: number): Story =>
  new Story('conv_live', { at: now - 60_000 })
    .visitor('What does it cost, and what should I bring?')
    .claim('reply_live', 'answer');

const mine = (now: number): Story => {
  const story = new Story('conv_mine', { at: now - 26 * hour })
    .named('Oskar')
    .visitor('Is the river safe this week?')
    .ai('The water level is normal. Guided trips go out as', { status: 'interrupted', cut: 'taken' })
    .takenBy()
    .agent('Hi Oskar, Maya here. I was on the river this morning: calm, 14 degrees.')
    .agent('Take the lower route if it is your first time.');
  story.add({
    type: 'note.created',
    noteId: 'note_1',
    author: { kind: 'agent', name: theo.name, agentId: theo.id },
    text: 'He came last summer with two kids, the small boats fit.',
  });
  story
    .wait(25 * 60)
    .visitor('Thanks! And can I bring my dog?')
    .visitor('He is small');
  story.add({ type: 'label.changed', labels: ['regular', 'dogs', 'weekend-trip-planning'], by: me });
  return story;
};

const drafted = (now: number): Story =>
  new Story('conv_draft', { at: now - 300_000, isAutopilot: false })
    .named('Fatima Al-Sayed')
    .visitor('Do you hire out wetsuits in children’s sizes?')
    .draft(
      'draft_1',
      'Yes: we have wetsuits **from age 4**, sizes 104 to 164, for £6 a day. Tell us heights when you book, and we lay them out.',
    );

const stale = (now: number): Story =>
  new Story('conv_stale', { at: now - 200_000, isAutopilot: false })
    .visitor('Do you have lockers?')
    .draft('draft_2', 'Yes, lockers are free; bring a coin of one pound as a deposit.')
    .visitor('And showers?');

const theirs = (now: number): Story =>
  new Story('conv_theirs', { at: now - 500_000 }).named('Li Wei').visitor('My booking 4711 is wrong').takenBy(theo);

const failed = (now: number): Story => {
  const story = new Story('conv_failed', { at: now - 800_000 })
    .visitor('Are you open on Monday?')
    .claim('reply_f', 'answer');
  story.add({ type: 'reply.failed', replyId: 'reply_f', why: 'rate_limited' });
  return story.control({ reason: 'failed', waiting: 'failed' });
};

const closed = (now: number): Story => {
  const story = new Story('conv_closed', { at: now - 40 * hour })
    .visitor('Thank you!')
    .ai('You are welcome. See you on the river!');
  story.add({ type: 'csat.submitted', rating: 5, comment: 'Quick and clear' });
  story.add({ type: 'conversation.closed', turn: 9, by: { kind: 'agent', name: me.name } });
  return story;
};

const long = (now: number): Story => {
  const story = new Story('conv_long', {
    at: now - 3 * hour,
    title: 'A very long page title that goes on and on until nobody reads it',
  })
    .named(
      'Maximiliane-Alexandra von Hohenberg-Wittelsbach zu Unterneukirchen',
      'a.very.long.address.that.does.not.fit@subdomain.of.somewhere.example',
    )
    .visitor(`Unbroken: ${'w'.repeat(300)}`)
    .ai(longAnswer)
    .visitor('مرحبا، كم تكلفة استئجار قارب ليوم واحد؟')
    .ai('تكلفة القارب الفردي ٤٥ جنيهًا في اليوم.');
  for (let round = 0; round < 30; round += 1) {
    story
      .visitor(`Question ${round}: and what if it rains?`)
      .ai(`Answer ${round}. ${'We go out in light rain, and refund you in a storm. '.repeat(3)}`);
  }
  return story;
};

const attack = (now: number): Story =>
  new Story('conv_hostile', { at: now - 9 * hour })
    .named('<b>Bobby</b>')
    .visitor('<img src=x onerror="window.__hit=1">')
    .ai(hostile);

const names = ['Ada', 'Ben', 'Chloé', 'Dmitri', 'Esra', 'Finn', 'Grace', 'Hiro', 'Inés', 'Jonas'];
const questions = [
  'How much is a double kayak?',
  'Can I cancel for free?',
  'Where do I park?',
  'Is there a trip on Sunday evening, and may my mother come along though she cannot swim?',
];

const many = (now: number, count: number): Story[] =>
  Array.from({ length: count }, (_, index) => {
    const story = new Story(`conv_${String(index).padStart(4, '0')}`, { at: now - (index + 20) * 7 * 60_000 });
    if (index % 3 !== 0) story.named(`${names[index % names.length]} ${index}`);
    story.visitor(questions[index % questions.length]!).ai('Here is what I found: **see** the price list.');
    if (index % 7 === 0) story.control({ reason: 'handoff', waiting: 'handoff' });
    if (index % 11 === 0) story.takenBy(index % 2 === 0 ? me : theo);
    return story;
  });

export const stories = (now: number, count: number): Story[] => [
  ...[needs, streaming, mine, drafted, stale, theirs, failed, closed, long, attack].map((write) => write(now)),
  ...many(now, count),
];
