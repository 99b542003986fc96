// Intents: a closed list, six languages, a confidence that follows the evidence.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { classifyIntent, intents } from '../../server/domain/intent.ts';
import type { Intent } from '../../server/domain/intent.ts';

const said: [Intent, string[]][] = [
  [
    'pricing_inquiry',
    [
      'What are your pricing plans?',
      'Wie viel kostet ein Kajak?',
      '¿Cuánto cuesta?',
      'Quel est le prix ?',
      'كم سعر القارب؟',
      '多少钱？',
    ],
  ],
  [
    'booking_request',
    [
      'Can I book for Saturday?',
      'Ich möchte einen Termin buchen',
      'Quiero reservar para el sábado',
      'Je voudrais réserver',
      'أريد حجز موعد',
      '我要预约',
    ],
  ],
  [
    'opening_hours',
    [
      'What are your opening hours?',
      'Wie sind die Öffnungszeiten?',
      '¿Cuál es el horario?',
      'Quels sont vos horaires ?',
      'ما هي ساعات العمل؟',
      '营业时间',
    ],
  ],
  [
    'location_inquiry',
    ['Where are you?', 'Wo seid ihr?', '¿Dónde están?', 'Où êtes-vous ?', 'ما هو عنوان المتجر؟', '你们的地址在哪'],
  ],
  [
    'cancellation_request',
    [
      'I want a refund',
      'Ich möchte stornieren',
      'Quiero un reembolso',
      'Je veux annuler',
      'أريد استرداد المال',
      '我要退款',
    ],
  ],
  [
    'cancellation_request',
    [
      'I want to cancel my booking',
      'Can I cancel my order?',
      'I need a refund for my reservation',
      'Ich möchte meine Buchung stornieren',
      'Quiero cancelar mi reserva',
      'Je veux annuler ma réservation',
      'أريد إلغاء حجزي',
      '我想取消预订',
    ],
  ],
  ['order_status', ['Where is my order?', 'Has my booking arrived?', 'Wo ist meine Buchung?']],
  [
    'technical_issue',
    [
      'It is not working',
      'Das funktioniert nicht',
      'No funciona',
      'Ça ne marche pas',
      'التطبيق لا يعمل',
      '这个坏了打不开',
    ],
  ],
  [
    'human_request',
    [
      'I want to talk to a person',
      'Ich möchte mit einem Menschen sprechen',
      'Quiero hablar con una persona',
      'Je veux parler à une personne',
      'أريد التحدث مع شخص',
      '转人工',
    ],
  ],
  ['greeting', ['Hi', 'Guten Tag', 'Hola', 'Bonjour', 'مرحبا', '你好']],
  ['thanks', ['Thanks!', 'Danke', 'Gracias', 'Merci', 'شكرا', '谢谢']],
];

describe('classifyIntent', () => {
  test.each(said.flatMap(([intent, texts]) => texts.map((text) => [intent, text] as const)))(
    'finds %s in “%s”',
    (intent, text) => {
      const found = classifyIntent(text);
      expect(found.intent).toBe(intent);
      expect(found.confidence).toBeGreaterThan(0.5);
    },
  );

  test('a message of words that fit together in many ways costs no time', () => {
    classifyIntent('warm');
    // Each "please" more doubled the work: a message of 4,000 characters stopped the server.
    for (const word of ['please ', 'bye ', 'all right ', 'thank you ']) {
      const began = performance.now();
      classifyIntent(`${word.repeat(24).slice(0, 160)}x`);
      expect(performance.now() - began).toBeLessThan(250);
    }
  });

  test('knows nothing of what says nothing, and says so with confidence 0', () => {
    for (const text of ['', 'asdf qwer', '🙂', '12345', 'The sky over the river']) {
      expect(classifyIntent(text)).toEqual({ intent: 'unknown', confidence: 0 });
    }
  });

  test('is of the list and between 0 and 1 for every text, and the same every time', () => {
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.lorem(),
      fc.constantFrom(...said.flatMap(([, texts]) => texts)),
    );
    fc.assert(
      fc.property(text, (message) => {
        const found = classifyIntent(message);
        expect(intents).toContain(found.intent);
        expect(found.confidence).toBeGreaterThanOrEqual(0);
        expect(found.confidence).toBeLessThanOrEqual(1);
        expect(found.confidence === 0).toBe(found.intent === 'unknown');
        expect(classifyIntent(message)).toEqual(found);
      }),
    );
  });

  test('more evidence is more confidence, evidence for another intent less', () => {
    const one = classifyIntent('the price').confidence;
    const two = classifyIntent('the price and the cost').confidence;
    const mixed = classifyIntent('the price and the cost, and I want to book').confidence;
    expect(two).toBeGreaterThan(one);
    expect(mixed).toBeLessThan(two);
  });

  test('a word inside another word is none: “enterprise” is no price', () => {
    expect(classifyIntent('our enterprise').intent).not.toBe('pricing_inquiry');
  });

  test('“yes” asks for a person where one was offered', () => {
    expect(classifyIntent('yes', { hasOffer: true }).intent).toBe('human_request');
    expect(classifyIntent('yes').intent).toBe('acknowledgement');
  });

  test('a long text costs no more than its beginning', () => {
    const began = performance.now();
    classifyIntent('a'.repeat(100_000));
    classifyIntent('how much '.repeat(10_000));
    expect(performance.now() - began).toBeLessThan(200);
  });
});
