// The console's REST without a server, for the gallery: enough to draw every settings page and the visitor's panel.
import type { ConsoleOutput } from '../../../shared/console-api.ts';
import { me, theo } from './story.ts';

const member = (who: { id: string; name: string }, role: 'owner' | 'admin' | 'agent', hasSignedIn = true) => ({
  ...who,
  email: `${who.name.split(' ')[0]!.toLowerCase()}@selwick.example`,
  role,
  isDisabled: false,
  hasSignedIn,
});

const at = Date.parse('2026-11-02T09:00:00Z');

const answers: Record<string, () => unknown> = {
  'GET /me': (): ConsoleOutput<'GET /me'> => ({
    member: member(me, new URLSearchParams(location.search).has('agent') ? 'agent' : 'owner'),
    organisation: { id: 'org_1', name: 'Selwick Kayaks' },
    demoUrl: '/demo',
    model: 'builtin',
  }),
  'GET /members': (): ConsoleOutput<'GET /members'> => ({
    members: [member(me, 'owner'), member(theo, 'admin'), member({ id: 'mem_x', name: 'Priya Raman' }, 'agent', false)],
  }),
  'GET /labels': (): ConsoleOutput<'GET /labels'> => ({ labels: ['regular', 'dogs', 'group', 'refund'] }),
  'GET /search': (): ConsoleOutput<'GET /search'> => ({ hits: [] }),
  'GET /conversations/:id/context': (): ConsoleOutput<'GET /conversations/:id/context'> => ({
    contact: {
      id: 'con_1',
      name: 'Anna Bergström',
      email: 'anna@example.com',
      phone: '+46 70 123 45 67',
      company: 'Bergström & Daughters',
      customFields: { Plan: 'Family', 'Customer since': '2024' },
      verified: false,
      createdAt: at,
      lastSeenAt: Date.now(),
      visits: 4,
      page: { url: 'https://selwick.example/hire', title: 'Hire a kayak', referrer: 'https://search.example/' },
      locale: 'sv-SE',
      userAgent: 'Mozilla/5.0 (Macintosh; Intel Mac OS X 14_0) AppleWebKit/537.36 Chrome/130.0 Safari/537.36',
    },
    widget: { id: 'wid_1', name: 'Selwick Kayaks website' },
    others: [],
  }),
};

/** Answers in the place of the network. A path that the gallery does not know is `not_found`. */
export const fakeFetch = (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
  const url = new URL(input instanceof Request ? input.url : input, location.origin);
  const path = url.pathname.replace('/api/console', '').replace(/^(\/\w+)\/[^/]+/, '$1/:id');
  const answer = answers[`${init?.method ?? 'GET'} ${path}`];
  const body =
    answer === undefined ? { error: { code: 'not_found', message: 'The gallery has no such thing.' } } : answer();
  return Promise.resolve(new Response(JSON.stringify(body), { status: answer === undefined ? 404 : 200 }));
};
