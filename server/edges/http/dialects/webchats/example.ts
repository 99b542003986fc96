// The published document's own examples, for the generated documentation.
import type { RouteExample } from '../dialect.ts';

const stored = {
  _id: '67d3a0b0c0d0e0f0a0b0c0d0',
  organizationId: '65a0e0e0e0e0e0e0e0e0e0e0',
  userId: '65b1f0a2c3d4e5f6a7b8c9d0',
  createdBy: '65b1f0a2c3d4e5f6a7b8c9d0',
  name: 'Marketing site widget',
  description: 'Bottom-right widget on the marketing site',
  starterMessage: 'Hi! Looking for pricing?',
  backgroundColor: '#FFFFFF',
  primaryColor: '#1F2937',
  secondaryColor: '#3B82F6',
  icon: 'https://r2.example.com/orgs/65a0.../webchat/icon.png?token=...',
  promptId: '65b2a1c3d4e5f6a7b8c9d0e1',
  allowedDomains: ['https://example.com'],
  pipelineId: '66f0a0b0c0d0e0f0a0b0c0d0',
  initialStage: 'new',
  isAutopilot: true,
  isEnabled: true,
  position: 'bottom-right',
  offsetX: 24,
  offsetY: 24,
  zIndex: 9999,
  createdAt: '2026-03-12T10:00:00.000Z',
  updatedAt: '2026-05-18T14:00:00.000Z',
};

export const createExample: RouteExample = {
  request: {
    name: 'Marketing site widget',
    description: 'Bottom-right widget on the marketing site',
    starterMessage: 'Hi! Looking for pricing?',
    backgroundColor: '#FFFFFF',
    primaryColor: '#1F2937',
    secondaryColor: '#3B82F6',
    headerTextColor: '#FFFFFF',
    statusText: 'We typically reply within minutes',
    statusTextColor: '#6B7280',
    timestampColor: '#9CA3AF',
    csatBackgroundColor: '#F3F4F6',
    csatTextColor: '#111827',
    csatThankYouMessage: 'Thanks for your feedback!',
    promptId: '65b2a1c3d4e5f6a7b8c9d0e1',
    allowedDomains: ['https://example.com'],
    pipelineId: '66f0a0b0c0d0e0f0a0b0c0d0',
    pipelineStage: '67f0a0b0c0d0e0f0a0b0c0d0',
    initialStage: 'new',
    isAutopilot: true,
    isEnabled: true,
  },
  response: {
    message: 'Webchat configuration created',
    data: stored,
  },
};

/** The document describes what a change gives, and not what one sends. */
export const updateExample: RouteExample = {
  response: { message: 'Webchat configuration updated', data: stored },
};
