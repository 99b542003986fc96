// The sixteen types of widget in words, and which other network a type needs a bridge to.
import type { WidgetType } from '../../../../shared/widget.ts';

/** `bridge`: what has to be between the network and Tiller; null: a page of a website is all it needs. */
export const widgetTypes: Record<WidgetType, { text: string; bridge: string | null }> = {
  chat: { text: 'Chat on a website', bridge: null },
  html: { text: 'Chat in a page', bridge: null },
  render_form: { text: 'Form on a website', bridge: null },
  whatsapp: { text: 'WhatsApp', bridge: 'a WhatsApp bridge' },
  fb_messenger: { text: 'Facebook Messenger', bridge: 'a Messenger bridge' },
  instagram: { text: 'Instagram', bridge: 'an Instagram bridge' },
  telegram: { text: 'Telegram', bridge: 'a Telegram bridge' },
  sms: { text: 'SMS', bridge: 'an SMS bridge' },
  leadconnector: { text: 'LeadConnector', bridge: 'a LeadConnector bridge' },
  phone: { text: 'Phone', bridge: 'a telephony bridge' },
  sip: { text: 'SIP line', bridge: 'a SIP bridge' },
  web_call: { text: 'Call from a website', bridge: 'a voice bridge' },
  html_call: { text: 'Call from a page', bridge: 'a voice bridge' },
  plivo_call: { text: 'Plivo call', bridge: 'a Plivo bridge' },
  telnyx_call: { text: 'Telnyx call', bridge: 'a Telnyx bridge' },
  leadconnector_call: { text: 'LeadConnector call', bridge: 'a LeadConnector bridge' },
};

export const typeChoices = (Object.keys(widgetTypes) as WidgetType[]).map((value) => ({
  value,
  text: widgetTypes[value].text,
  group: widgetTypes[value].bridge === null ? 'On websites' : 'Needs a bridge',
}));
