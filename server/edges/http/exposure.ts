// What a configuration leaves open to others, said at every start.
import { hostnameOf } from '../../../shared/host-name.ts';
import type { Config } from '../../config.ts';
import { isLoopback } from './hosts.ts';

const namesNothing =
  'PUBLIC_URL is not set, and others can reach this server. Links and embed codes name an address of this machine, and the console answers under IP addresses, localhost and TILLER_HOSTS alone. Set PUBLIC_URL to the address that browsers use.';
const isReadable =
  'Passwords, sign-in cookies and chats travel over plain HTTP, and others can read them on the way. Put a proxy with TLS in front and set PUBLIC_URL to its https address.';

/** In sentences, without line breaks. Nothing to say where only this machine can connect and nobody else is invited to. */
export const exposureWarnings = ({ host, publicUrl }: Pick<Config, 'host' | 'publicUrl'>): string[] => {
  if (publicUrl === undefined) {
    // HOST takes addresses of IPv6 as they are, without brackets.
    const isClosed = isLoopback(hostnameOf(host.includes(':') ? `[${host}]` : host) ?? host);
    return isClosed ? [] : [namesNothing, isReadable];
  }
  const { protocol, hostname } = new URL(publicUrl);
  return protocol === 'http:' && !isLoopback(hostnameOf(hostname) ?? hostname) ? [isReadable] : [];
};
