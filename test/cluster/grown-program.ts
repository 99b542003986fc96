// The next version of the node, as a build: the sources of the present one with schemas that have grown. A visitor may give a
// message a tone, which is noted as the mood of the conversation; "I vote yes" casts a vote that no older node may miss.
import { relative, resolve } from 'node:path';
import { bundle } from '../support/bundled.ts';

type Change = [before: string, after: string];

/** Per file; each text occurs once, or the build fails. */
const growth: Record<string, Change[]> = {
  // A field of a fact, and two kinds of facts.
  'shared/facts.ts': [
    ["    text: z.string(),\n    status: z.enum(['complete'", '    tone: z.string().optional(),\n$&'],
    [
      "  'csat.requested': z.object",
      `  'mood.noted': z.object({ mood: z.string() }),
  'vote.cast': z.object({ vote: z.string(), critical: z.literal(true) }),
$&`,
    ],
  ],
  'shared/conversation.ts': [
    [
      '  // A newer node wrote a type that this build does not know.',
      `  if (fact.type === 'mood.noted') return { ...state, mood: fact.mood };
  if (fact.type === 'vote.cast') return { ...state, votes: (state.votes ?? 0) + 1 };
$&`,
    ],
  ],
  'server/domain/audience.ts': [
    ["  'csat.requested': (fact) => fact,", "  'mood.noted': (fact) => fact,\n  'vote.cast': (fact) => fact,\n$&"],
    ['    if (fact.cut !== undefined)', '    if (fact.tone !== undefined) shown.tone = fact.tone;\n$&'],
  ],
  // A field of a command.
  'shared/commands.ts': [
    ['  fileIds: z.array(id).max(5).optional(),\n  context:', '  tone: z.string().max(20).optional(),\n$&'],
  ],
  'server/edges/socket/visitor.ts': [
    ["'message:send': async ({ conversationId,", '$& tone,'],
    ["{ type: 'visitor.message', text,", '$& tone,'],
  ],
  'server/domain/decide-visitor.ts': [
    ['const say = (progress: Progress, text: string, clientId: string', '$&, tone?: string'],
    ['return say(progress, command.text, command.clientId', '$&, command.tone'],
    ["    text,\n    status: 'complete',\n    clientId,", '$&\n    ...(tone === undefined ? {} : { tone }),'],
    [
      '  const { isAutopilot, agentId, waiting } = progress.state.control;\n  // Approval',
      `  if (tone !== undefined) progress.push({ type: 'mood.noted', mood: tone });
  if (text === 'I vote yes') progress.push({ type: 'vote.cast', vote: 'yes', critical: true });
$&`,
    ],
  ],
  // A field of a document.
  'shared/widget.ts': [['export const widgetSettings = z.object({', '$&\n  mascot: z.string().max(20).optional(),']],
};

const root = resolve(import.meta.dirname, '../..');

const grown = (file: string, code: string): string => {
  let text = code;
  for (const [before, after] of growth[file] ?? []) {
    if (text.split(before).length !== 2) throw new Error(`${file} has changed: it must have once: ${before}`);
    text = text.replace(before, () => after.replace('$&', before));
  }
  return text;
};

let grownBundle: Promise<string> | undefined;

const bundleGrown = async (): Promise<string> => {
  const left = new Set(Object.keys(growth));
  const program = await bundle('test/cluster/node-child.ts', '-grown', [
    {
      name: 'grown',
      enforce: 'pre',
      transform(code, id) {
        const file = relative(root, id.split('?')[0]!);
        if (!Object.hasOwn(growth, file)) return null;
        left.delete(file);
        return { code: grown(file, code), map: null };
      },
    },
  ]);
  if (left.size > 0) throw new Error(`not in the build: ${[...left].join(', ')}`);
  return program;
};

/** Made once per process that asks. */
export const grownProgram = (): Promise<string> => (grownBundle ??= bundleGrown());
