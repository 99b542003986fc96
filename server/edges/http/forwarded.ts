// `X-Forwarded-For` as everything behind reads it: addresses alone. Some proxies add a port to each (Azure's gateway, and Amazon's
// where it is told to), brackets or a final dot; an entry that does not parse could be neither counted nor banned.
import type { IncomingMessage, Server } from 'node:http';
import ipaddr from 'ipaddr.js';

/** One entry as an address, where it is one in any of these forms; else as it was sent. */
export const bareAddress = (entry: string): string => {
  const text = entry.trim().replace(/^"(.*)"$/, '$1');
  const [, inBrackets] = /^\[([^\]]*)\](?::\d{1,5})?$/.exec(text) ?? [];
  const [, withPort] = /^(\d{1,3}(?:\.\d{1,3}){3})\.?(?::\d{1,5})?$/.exec(text) ?? [];
  const address = inBrackets ?? withPort ?? text;
  return ipaddr.isValid(address) ? address : text;
};

const clean = ({ headers }: IncomingMessage): void => {
  const forwarded = headers['x-forwarded-for'];
  if (forwarded === undefined) return;
  headers['x-forwarded-for'] = String(forwarded).split(',').map(bareAddress).join(', ');
};

/** Before anybody else looks at a request or an upgrade. */
export const cleanForwarded = (server: Server): void => {
  server.prependListener('request', clean);
  server.prependListener('upgrade', clean);
};
