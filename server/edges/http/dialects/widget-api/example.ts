// The published document's own examples, for the generated documentation; `{ ... }` and `"..."` are filled in.
import type { RouteExample } from '../dialect.ts';

export const configExample: RouteExample = {
  response: {
    success: true,
    config: {
      widget_id: 'xxx',
      business: { name: 'Company Name', type: 'saas' },
      persona: { name: 'Caty', role: 'AI Assistant', tone: 'friendly' },
      appearance: {
        theme: 'dark',
        position: 'bottom-right',
        colors: {
          primary: '#6366f1',
          secondary: '#4f46e5',
          background: '#16161d',
          text: '#f2f2f5',
          header_text: '#ffffff',
        },
      },
      behavior: {
        greeting: { enabled: true, content: 'Hi! How can I help you today?' },
        proactive: { enabled: true, triggers: [{ type: 'high_engagement', score: 60 }], cooldown_seconds: 300 },
      },
    },
  },
};

export const sessionExample: RouteExample = {
  request: {
    visitor_id: 'optional_visitor_id',
    page: { url: 'https://example.com/page', title: 'Page Title', referrer: 'https://google.com' },
  },
  response: {
    success: true,
    session_id: 'sess_xxx',
    visitor_id: 'vis_xxx',
    greeting: { content: 'Hi! How can I help you today?', timestamp: '2026-01-28T10:00:00Z' },
  },
};

export const messageExample: RouteExample = {
  request: {
    session_id: 'sess_xxx',
    message: 'What are your pricing plans?',
    context: { page_url: 'https://example.com/pricing' },
  },
  response: {
    success: true,
    response: {
      content: 'We have three pricing plans...',
      suggested_actions: [
        { label: 'View Pricing', action: 'link', url: '/pricing' },
        { label: 'Talk to Sales', action: 'handoff' },
      ],
    },
    metadata: { intent: 'pricing_inquiry', confidence: 0.95, lead_score: 65 },
  },
};

export const trackExample: RouteExample = {
  request: {
    session_id: 'sess_xxx',
    events: [
      { type: 'scroll_depth', data: 75, timestamp: '...' },
      { type: 'click', data: { element: 'button' }, timestamp: '...' },
    ],
    metrics: { timeOnPage: 45_000, scrollDepth: 75, clickCount: 3 },
  },
  response: {
    success: true,
    engagement_score: 65,
    proactive: { should_trigger: true, message: "I see you're interested in our features..." },
  },
};

export const proactiveExample: RouteExample = {
  request: {
    session_id: 'sess_xxx',
    trigger_type: 'high_engagement',
    context: { page_url: 'https://example.com/features', engagement_score: 70 },
  },
  response: {
    success: true,
    message: {
      message_id: 'msg_xxx',
      content: "I noticed you're exploring our features. Can I help explain anything?",
      suggested_actions: [
        { label: 'Tell me more', action: 'message' },
        { label: 'No thanks', action: 'dismiss' },
      ],
    },
  },
};

export const leadExample: RouteExample = {
  request: {
    session_id: 'sess_xxx',
    name: 'John Smith',
    email: 'john@example.com',
    phone: '+1234567890',
    company: 'Acme Inc',
    custom_fields: { interest: 'Enterprise plan' },
  },
  response: { success: true, lead_id: 'lead_xxx', message: 'Thanks! Someone will be in touch soon.' },
};
