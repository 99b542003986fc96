// The embed code, links, defaults, and who may do what.
import { expect, test } from 'vitest';
import { embedCode, isSafeLink, shortEmbedCode, widgetDefaults } from '../../server/domain/widget.ts';
import { may, mayChangeMember } from '../../server/domain/permit.ts';
import type { Role } from '../../server/domain/permit.ts';
import { widgetSettings } from '../../shared/widget.ts';

test('the embed code is the documented line with our address and the key', () => {
  expect(embedCode('https://solomobile.ai', 'wgt_a1b2c3d4e5f6789012345678')).toBe(
    "<script>(function(w,d,s,o,f,js,fjs){w['PatWidget']=o;w[o]=w[o]||function(){(w[o].q=w[o].q||[]).push(arguments)};js=d.createElement(s);fjs=d.getElementsByTagName(s)[0];js.id=o;js.src=f;js.async=1;fjs.parentNode.insertBefore(js,fjs);}(window,document,'script','PatChat','https://solomobile.ai/widget/pat-chat.js'));PatChat('init',{widgetKey:'wgt_a1b2c3d4e5f6789012345678'});</script>",
  );
  expect(shortEmbedCode('https://a.example', 'wgt_1')).toBe(
    '<script async src="https://a.example/widget.js" data-widget-key="wgt_1"></script>',
  );
});

test('links lead to pages, mail and phones, never to scripts or to another host by a trick', () => {
  for (const url of ['https://a.example/x', 'http://a.example', '/pricing', '/', 'mailto:a@b.example', 'tel:+441']) {
    expect([url, isSafeLink(url)]).toEqual([url, true]);
  }
  for (const url of [
    'javascript:alert(1)',
    ' javascript:x',
    'data:text/html,x',
    '//evil.example',
    '/\\evil',
    'x',
    '',
    'java\nscript:x',
    'https://',
  ]) {
    expect([url, isSafeLink(url)]).toEqual([url, false]);
  }
});

test('the defaults are settings that would be accepted', () => {
  const settings = { ...widgetDefaults, assistantId: 'a' };
  expect(widgetSettings.parse(settings)).toEqual(settings);
});

test('only an admin or the owner takes a conversation out of another’s hands', () => {
  const allowed = (['agent', 'admin', 'owner'] as Role[]).filter((role) =>
    may({ role }, 'conversation.assign-from-another'),
  );
  expect(allowed).toEqual(['admin', 'owner']);
  expect(may({ role: 'agent' }, 'conversation.take')).toBe(true);
});

test('nobody makes a link for a member above them, and nobody takes access from the owner or themselves', () => {
  const member = (id: string, role: Role) => ({ id, role });
  expect(mayChangeMember(member('a', 'admin'), member('o', 'owner'), 'link')).toBe(false);
  expect(mayChangeMember(member('a', 'admin'), member('b', 'admin'), 'link')).toBe(true);
  expect(mayChangeMember(member('a', 'agent'), member('b', 'agent'), 'link')).toBe(false);
  expect(mayChangeMember(member('o', 'owner'), member('o', 'owner'), 'link')).toBe(true);
  expect(mayChangeMember(member('a', 'admin'), member('o', 'owner'), 'access')).toBe(false);
  expect(mayChangeMember(member('a', 'admin'), member('a', 'admin'), 'access')).toBe(false);
  expect(mayChangeMember(member('a', 'admin'), member('b', 'agent'), 'access')).toBe(true);
});
