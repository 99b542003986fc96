// What each kind of widget speaks through, and which of them a web page can hold. The others are kept and listed, and
// need a bridge to their network before anybody can write to them.
import type { WidgetType } from './widget.ts';

export interface Channel {
  /** Who carries the messages. */
  provider: string;
  /** For people. */
  label: string;
  /** What would have to stand between Tiller and that network; absent where a page is all it takes. */
  bridge?: string;
}

export const channels: Readonly<Record<WidgetType, Channel>> = {
  chat: { provider: 'tiller', label: 'Website chat' },
  html: { provider: 'tiller', label: 'HTML page' },
  render_form: { provider: 'tiller', label: 'Form' },
  whatsapp: { provider: 'whatsapp', label: 'WhatsApp', bridge: 'WhatsApp Business' },
  fb_messenger: { provider: 'facebook', label: 'Facebook Messenger', bridge: 'the Messenger Platform' },
  instagram: { provider: 'instagram', label: 'Instagram', bridge: 'the Instagram messaging API' },
  telegram: { provider: 'telegram', label: 'Telegram', bridge: 'the Telegram Bot API' },
  sms: { provider: 'sms', label: 'SMS', bridge: 'an SMS gateway' },
  leadconnector: { provider: 'leadconnector', label: 'LeadConnector', bridge: 'the LeadConnector API' },
  leadconnector_call: { provider: 'leadconnector', label: 'LeadConnector call', bridge: 'LeadConnector voice' },
  phone: { provider: 'phone', label: 'Phone', bridge: 'a telephone line' },
  html_call: { provider: 'webrtc', label: 'HTML page with calls', bridge: 'a WebRTC voice server' },
  web_call: { provider: 'webrtc', label: 'Web call', bridge: 'a WebRTC voice server' },
  plivo_call: { provider: 'plivo', label: 'Plivo call', bridge: 'Plivo voice' },
  telnyx_call: { provider: 'telnyx', label: 'Telnyx call', bridge: 'Telnyx voice' },
  sip: { provider: 'sip', label: 'SIP trunk', bridge: 'a SIP trunk' },
};

/** Why a page cannot hold this kind of widget; undefined where it can. */
export const whyNotEmbeddable = (type: WidgetType): string | undefined => {
  const { label, bridge } = channels[type];
  return bridge === undefined
    ? undefined
    : `A widget of type ${type} (${label}) has no web surface: it needs a bridge to ${bridge}`;
};
