// What Tiller is called over REST by other programs: the contracts, what opens each, and a first call to try.
import type { KeyKind } from '../../shared/console-provisioning.ts';

export interface Contract {
  kind: KeyKind;
  name: string;
  /** In plain words. */
  opens: string;
  /** Below which addresses. */
  path: string;
  /** How a request carries the key. */
  sends: string;
  /** The call that lists what is there: harmless, and it works with nothing but the key. */
  trial: string;
  header: (secret: string) => string;
}

const bearer = (secret: string): string => `Authorization: Bearer ${secret}`;

/** The four kinds of key, one surface each. */
export const contracts: readonly Contract[] = [
  {
    kind: 'functions',
    name: 'Functions',
    opens: 'Makes and changes chat widgets: create-chat-widget and its companions.',
    path: '/functions/v1',
    sends: 'Authorization: Bearer …',
    trial: '/functions/v1/list-chat-widgets',
    header: bearer,
  },
  {
    kind: 'v1',
    name: 'v1 widgets',
    opens: 'Makes and changes widgets of all sixteen types under /api/v1/widget.',
    path: '/api/v1/widget',
    sends: 'X-API-Key: in-… or ?api_key=in-…',
    trial: '/api/v1/widget/list',
    header: (secret) => `X-API-Key: ${secret}`,
  },
  {
    kind: 'webchats',
    name: 'Webchats',
    opens: 'Makes and changes webchats, uploads icons, reads pipelines and contacts.',
    path: '/api/webchats',
    sends: 'Authorization: Bearer …',
    trial: '/api/webchats',
    header: bearer,
  },
  {
    kind: 'token',
    name: 'Console',
    opens: 'Everything that this console can do, over REST and over live sockets.',
    path: '/api/console',
    sends: 'Authorization: Bearer …',
    trial: '/api/console/me',
    header: bearer,
  },
];

export const contractOf = (kind: KeyKind): Contract => contracts.find((contract) => contract.kind === kind)!;

/** A line for a terminal; nothing in a secret or an address needs escaping within these quotes. */
export const curlOf = (kind: KeyKind, secret: string): string => {
  const { trial, header } = contractOf(kind);
  return `curl -H '${header(secret)}' ${location.origin}${trial}`;
};
