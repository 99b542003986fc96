// `/frame/{key}`: whom the page lets frame it, and what it says of widgets that are off, elsewhere or nowhere.
import { expect, test } from 'vitest';
import type { Widget } from '../../shared/widget.ts';
import { createWidget, updateWidget } from '../../server/usecases/widgets.ts';
import type { WidgetChange } from '../../server/usecases/widgets.ts';
import { httpTest } from './http-server.ts';

const http = httpTest();
const make = (change: WidgetChange): Promise<Widget> => createWidget(http.deps, http.owner, change);
const frame = (key: string) => http.fetch(`/frame/${key}`);
const directive = (csp: string | null, name: string): string | undefined =>
  csp?.split(';').find((one) => one.startsWith(`${name} `));

test('an empty list lets every page frame it, and nothing else in its policy is weaker for it', async () => {
  const { widgetKey, catyKey } = await make({});
  for (const key of [widgetKey, catyKey]) {
    const { status, headers } = await frame(key);
    const csp = headers.get('content-security-policy');
    expect(status).toBe(200);
    expect(directive(csp, 'frame-ancestors')).toBe('frame-ancestors *');
    expect(directive(csp, 'default-src')).toBe("default-src 'none'");
    expect(directive(csp, 'script-src')).toBe("script-src 'self'");
    expect(csp).not.toContain('unsafe');
    expect(headers.get('x-frame-options')).toBeNull();
    expect(headers.get('cross-origin-resource-policy')).toBe('cross-origin');
  }
});

test('a list lets our own pages and the pages it names frame it, at once after a change', async () => {
  const widget = await make({ allowedDomains: ['example.com', '*.shop.example:*'] });
  const ancestors = async () =>
    directive((await frame(widget.widgetKey)).headers.get('content-security-policy'), 'frame-ancestors');
  expect(await ancestors()).toBe(`frame-ancestors 'self' ${http.url} https://example.com https://*.shop.example:*`);
  await updateWidget(http.deps, widget.orgId, widget.id, { allowedDomains: ['other.example'] });
  expect(await ancestors()).toBe(`frame-ancestors 'self' ${http.url} https://other.example`);
});

test('a widget that is switched off, or lives in another network, says so in its place', async () => {
  const off = await make({ isEnabled: false });
  const elsewhere = await make({ type: 'sip' });
  for (const { widgetKey } of [off, elsewhere]) {
    const { status, text } = await frame(widgetKey);
    expect([status, text]).toEqual([403, expect.stringContaining('data-state="off"')]);
  }
});

test('an unknown key, a rotated one and a removed widget are not there, and may not be framed', async () => {
  for (const key of ['wgt_000000000000000000000000', 'x', '__proto__', '%00']) {
    const { status, headers } = await frame(key);
    expect([key, status]).toEqual([key, 404]);
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(headers.get('x-frame-options')).toBe('DENY');
  }
});

test('the title is text, whatever its owner wrote', async () => {
  const { texts, ...widget } = http.seeded.widget;
  const title = `</title><script>alert("1")</script>$& $'`;
  const { widgetKey } = await make({ ...widget, texts: { ...texts, title } });
  const { text } = await frame(widgetKey);
  expect(text).not.toContain('<script>alert');
  expect(text).toContain('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;$&amp; $');
});

test('only reading is possible', async () => {
  const { status, headers } = await http.fetch(`/frame/${http.seeded.widget.widgetKey}`, { method: 'POST' });
  expect([status, headers.get('allow')]).toEqual([405, 'GET, HEAD']);
});
