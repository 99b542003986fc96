// The host of an address, in the one form in which hosts are compared.

/**
 * The name in a `Host` header or in a list of hosts: lower case, without port and final dot, IPv6 in brackets and shortened.
 * `Chat.Example.com.:8443` gives `chat.example.com`. Undefined for anything that browsers do not send, such as user
 * information, a list, or an address of IPv4 that is not four decimal numbers.
 */
export const hostnameOf = (host: string): string | undefined => {
  const [, name, port] = /^(\[[0-9a-f:.]+\]|[a-z0-9_-]+(?:\.[a-z0-9_-]+)*)\.?(?::(\d{1,5}))?$/i.exec(host) ?? [];
  if (name === undefined || Number(port ?? 0) > 65_535 || !URL.canParse(`http://${name}`)) return undefined;
  const { hostname } = new URL(`http://${name}`);
  // `2130706433` and `0x7f.1` are read as addresses by some and asked of the DNS by others.
  const isAddress = /^[\d.]+$/.test(hostname);
  return isAddress && hostname !== name ? undefined : hostname;
};
