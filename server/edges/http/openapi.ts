// OpenAPI 3.1 for all REST, derived from the tables that bind and validate: it cannot say anything else than they do.
import * as console from '../../../shared/console-api.ts';
import * as provisioning from '../../../shared/console-provisioning.ts';
import { inboxRow } from '../../../shared/inbox.ts';
import { theme, publicWidget, widgetPatch, widgetSettings } from '../../../shared/widget.ts';
import { cookieName } from './cookie.ts';
import { dialects } from './dialects/index.ts';
import { createComponents } from './openapi/components.ts';
import type { Json } from './openapi/components.ts';
import { consoleOperations, consoleSecurity, consoleTag } from './openapi/console.ts';
import { contractOperations, contractSecurity } from './openapi/contracts.ts';
import { installationOperations, installationTag } from './openapi/installation.ts';

/** What occurs in several answers gets a component of its own. */
const shared = {
  Member: console.memberView,
  Widget: console.widgetView,
  WidgetSettings: widgetSettings,
  WidgetPatch: widgetPatch,
  PublicWidget: publicWidget,
  Theme: theme,
  Assistant: console.assistantView,
  Article: console.articleView,
  Contact: provisioning.contactView,
  Lead: provisioning.leadView,
  Key: provisioning.keyView,
  Pipeline: provisioning.pipelineView,
  Organisation: provisioning.organisationView,
  InboxRow: inboxRow,
};

/** @param baseUrl the installation's address */
export const openApi = (baseUrl: string): Json => {
  const components = createComponents(shared);
  const operations = [
    ...contractOperations(components, dialects),
    ...installationOperations(components),
    ...consoleOperations(components),
  ];
  const paths: Record<string, Json> = {};
  for (const [path, method, operation] of operations) paths[path] = { ...paths[path], [method]: operation };
  return {
    openapi: '3.1.0',
    info: {
      title: 'Tiller',
      version: '1.0.0',
      summary: 'Self-hosted realtime chat: an AI answers, a person takes the tiller.',
      description:
        'Four contracts on one widget, and what the console is built on. A widget made through one contract reads through the others as far as they can express it. What the sockets say is in [asyncapi.json](/asyncapi.json).',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: baseUrl }],
    tags: [
      ...dialects.map(({ title, prefixes }) => ({
        name: title,
        description: `Below ${prefixes.map((prefix) => `\`${prefix}\``).join(', ')}.`,
      })),
      installationTag,
      consoleTag,
    ],
    paths,
    components: {
      schemas: components.schemas,
      securitySchemes: { ...contractSecurity(dialects), ...consoleSecurity(cookieName(baseUrl)) },
    },
  };
};
