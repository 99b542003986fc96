import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildSite } from './built-site.ts';
import type { BuiltSite } from './built-site.ts';

let site: BuiltSite;
const pages: Record<'landing' | 'demo', string> = { landing: '', demo: '' };
beforeAll(async () => {
  site = await buildSite();
  pages.landing = await readFile(join(site.dir, 'index.html'), 'utf8');
  pages.demo = await readFile(join(site.dir, 'demo/index.html'), 'utf8');
});
afterAll(() => site.close());

const articles = async (): Promise<{ name: string; text: string }[]> => {
  const folder = new URL('../../server/seed/articles/', import.meta.url);
  const names = (await readdir(folder)).filter((name) => name.endsWith('.md'));
  return Promise.all(names.map(async (name) => ({ name, text: await readFile(new URL(name, folder), 'utf8') })));
};

describe.each(['landing', 'demo'] as const)('the %s page', (page) => {
  it('holds no inline script, style or handler, so that it runs under the strictest policy', () => {
    const html = pages[page];
    expect(html).not.toMatch(/<script(?![^>]*\ssrc=)/);
    expect(html).not.toMatch(/<style|\sstyle=|\son\w+=|javascript:/);
  });

  it('loads nothing from anywhere else', () => {
    expect(pages[page]).not.toMatch(/(?:src|srcset)="(?:https?:)?\/\//);
    expect(pages[page]).not.toMatch(/<link[^>]+href="(?:https?:)?\/\//);
  });

  it('names its own files by hash, below /site/assets', async () => {
    const own = [...pages[page].matchAll(/(?:src|href)="(\/site\/[^"]+)"/g)].map(([, path = '']) => path);
    expect(own.length).toBeGreaterThan(1);
    for (const path of own) {
      expect(path).toMatch(/^\/site\/assets\/[\w.-]+-[\w-]{8}\.(js|css|svg)$/);
      expect((await readFile(join(site.dir, path))).length).toBeGreaterThan(0);
    }
  });
});

describe('the demo page', () => {
  it('loads the widget with the key that the server fills in', () => {
    expect(pages.demo).toMatch(/<script\s+async src="\/widget\.js" data-widget-key="__WIDGET_KEY__"\s*><\/script>/);
  });

  it('has every place that an answer may link to', async () => {
    const linked = (await articles()).flatMap(({ text }) => [...text.matchAll(/\/demo#([\w-]+)/g)].map(([, id]) => id));
    expect(linked.length).toBeGreaterThan(10);
    const missing = [...new Set(linked)].filter((id) => !pages.demo.includes(`id="${id}"`));
    expect(missing).toEqual([]);
  });

  it('asks no price that the price list does not know', async () => {
    const list = (await articles()).find(({ name }) => name === 'prices.md')?.text ?? '';
    const asked = [...pages.demo.matchAll(/£\d+/g)].map(([price]) => price);
    expect(asked).toEqual(expect.arrayContaining(['£28', '£42', '£45', '£68', '£36']));
    expect(asked.filter((price) => !list.includes(price))).toEqual([]);
  });
});

describe('the landing page', () => {
  it('leads to the demo, the console and the embed code', () => {
    for (const path of ['/demo', '/console', '/readyz']) expect(pages.landing).toContain(`href="${path}"`);
    expect(pages.landing).toContain('__EMBED__');
  });
});
