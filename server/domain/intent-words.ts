// The words by which a wish is known, per language: whole alternatives of a pattern, `*` for any ending.
import type { Language } from '../../shared/language.ts';

/** Strong words name the wish by themselves; weak ones only lean towards it. */
export interface IntentWords {
  strong: Record<Language, string>;
  weak: Record<Language, string>;
}

/** In the order in which the closed list tells them. */
export const intentWords = {
  pricing_inquiry: {
    strong: {
      en: 'price*|pricing|cost|costs|how much (?:is|are|does|do|for|would|will)|how much|quote|quotation|per month|fees?|what do you charge|cheap*|rates',
      de: 'preis*|kostet|kosten|wie ?viel|gebühr*|tarif*|kostenvoranschlag|teuer|günstig*',
      fr: 'prix|tarif*|coûte*|coute*|coûts?|combien|devis|cher|abordable*',
      es: 'precio*|cuesta*|cuánto|cuanto|tarifa*|coste|costo|costos|presupuesto|barat*|caro',
      ar: 'سعر|أسعار|اسعار|السعر|تكلفة|التكلفة|تكلف|يكلف|بكم|كم ثمن|رسوم',
      zh: '价格|多少钱|费用|价钱|收费|报价|价位|怎么卖|贵吗|便宜',
    },
    weak: {
      en: 'plans?|packages?|subscription*|discount*|offers?|deals?|budget|afford|license',
      de: 'pakete?|abo|abos|abonnement*|rabatt*|angebot*|lizenz*',
      fr: 'forfait*|abonnement*|remise*|réduction*|offres?|formules?',
      es: 'plan|planes|paquete*|suscripci*|descuento*|ofertas?',
      ar: 'باقة|باقات|اشتراك|خصم|عرض|عروض|خطط',
      zh: '套餐|订阅|折扣|优惠|方案',
    },
  },
  booking_request: {
    strong: {
      en: 'book|booking*|reserve|reservation*|make an appointment|schedule (?:a|an)|appointment*|sign up for|place an order|i want to (?:buy|order|rent|hire)|buy|purchase',
      de: 'buch*|reservier*|termin*|bestellen|kaufen|mieten|anmelden',
      fr: 'réserv*|reserv*|rendez-vous|commander|acheter|louer|inscrire',
      es: 'reserv*|cita|citas|comprar|pedir|alquilar|contratar|inscribir*',
      ar: 'حجز|أحجز|احجز|الحجز|موعد|شراء|أشتري|اشتري|استئجار|طلب شراء',
      zh: '预订|预定|预约|订购|购买|下单|租|报名',
    },
    weak: {
      en: 'order|rent|hire|slot|seats?|tickets?|for (?:two|three|four|five|six|\\d+) (?:people|persons|adults|guests)',
      de: 'platz|plätze|tickets?|karten|für (?:zwei|drei|vier|\\d+) personen',
      fr: 'places?|billets?|pour (?:deux|trois|quatre|\\d+) personnes',
      es: 'plazas?|entradas?|billetes?|para (?:dos|tres|cuatro|\\d+) personas',
      ar: 'مقعد|مقاعد|تذكرة|تذاكر|لشخصين',
      zh: '名额|座位|门票|位子',
    },
  },
  demo_request: {
    strong: {
      en: 'demo|demonstration|free trial|trial|try it out|test account|walkthrough',
      de: 'demo|vorführung|testversion|probeabo|kostenlos testen|ausprobieren',
      fr: 'démo*|demo|essai gratuit|essai|essayer',
      es: 'demo|demostración|prueba gratis|prueba gratuita|probarlo',
      ar: 'عرض توضيحي|تجربة مجانية|تجريبي|نسخة تجريبية|ديمو',
      zh: '演示|试用|体验版|免费试',
    },
    weak: {
      en: 'show me|preview|see it in action|test',
      de: 'zeigen|testen|vorschau',
      fr: 'montrer|tester|aperçu',
      es: 'mostrar|muéstrame|probar',
      ar: 'أرني|جرب|تجربة',
      zh: '看看|测试',
    },
  },
  comparison: {
    strong: {
      en: 'compare*|comparison|versus|vs|better than|difference* between|alternative to|which (?:one )?is better|instead of',
      de: 'vergleich*|unterschied*|besser als|im gegensatz|alternative zu|was ist besser',
      fr: 'compar*|différence* entre|mieux que|meilleur que|alternative à|plutôt que',
      es: 'compar*|diferencia*|mejor que|alternativa a|en vez de',
      ar: 'مقارنة|قارن|الفرق بين|أفضل من|افضل من|بديل',
      zh: '比较|对比|区别|哪个好|更好|相比',
    },
    weak: {
      en: 'better|best|recommend*|competitor*|which one',
      de: 'besser|beste*|empfehl*|konkurrenz',
      fr: 'mieux|meilleur*|recommand*|concurrent*',
      es: 'mejor|recomienda*|competencia',
      ar: 'أفضل|افضل|تنصح|المنافس',
      zh: '推荐|最好|竞争',
    },
  },
  availability_inquiry: {
    strong: {
      en: 'available|availability|in stock|out of stock|sold out|any (?:slots|places|spaces|seats|room) left|free (?:on|this|next)',
      de: 'verfügbar*|auf lager|lieferbar|vorrätig|ausverkauft|noch frei|plätze frei',
      fr: 'disponib*|en stock|rupture|épuisé*|encore de la place',
      es: 'disponib*|en stock|agotad*|quedan (?:plazas|entradas)|existencias',
      ar: 'متاح|متوفر|متوفرة|متاحة|نفد|التوفر',
      zh: '有货|库存|缺货|有空|还有位|有位|可用',
    },
    weak: {
      en: 'stock|left|vacancy|vacancies|tomorrow|weekend|tonight',
      de: 'frei|lager|morgen früh|wochenende|heute abend',
      fr: 'stock|demain|week-end|ce soir',
      es: 'stock|mañana|fin de semana|esta noche',
      ar: 'غدا|غدًا|عطلة',
      zh: '明天|周末|今晚',
    },
  },
  product_inquiry: {
    strong: {
      en: 'feature*|functionality|capabilit*|does it (?:support|work|have|include|integrate)|do you (?:offer|support|have|provide|sell)|integrat*|specification*|how does it work|compatible*|what do you (?:offer|do|sell)',
      de: 'funktion|funktionen|funktionsumfang|eigenschaft*|unterstützt|integration*|bieten sie|haben sie|wie funktioniert|kompatib*|leistungsumfang',
      fr: 'fonction*|fonctionnalité*|intégration*|proposez-vous|avez-vous|compatible*|comment ça marche|comment ca marche|caractéristique*',
      es: 'funciones|funcionalidad*|función|característica*|integraci*|ofrecen|tienen ustedes|compatible*|cómo funciona|como funciona|soporta',
      ar: 'ميزة|ميزات|مميزات|خصائص|وظائف|يدعم|تدعم|كيف يعمل|تقدمون|تكامل',
      zh: '功能|特点|特性|支持吗|怎么用|如何使用|集成|兼容|提供什么',
    },
    weak: {
      en: 'product*|service|services|support|include*|options?|details?|information|tell me (?:more )?about',
      de: 'produkt*|dienst*|leistung*|optionen|informationen|mehr über',
      fr: 'produit*|services?|options?|détails?|informations?|plus sur',
      es: 'producto*|servicio*|opciones|detalles|información|más sobre',
      ar: 'منتج|منتجات|خدمة|خدمات|تفاصيل|معلومات',
      zh: '产品|服务|选项|详情|信息|介绍',
    },
  },
  opening_hours: {
    strong: {
      en: 'opening (?:hours|times)|business hours|what time do you (?:open|close)|when (?:are|do) you (?:open|close)|are you open|open (?:on|today|tomorrow|sunday|sundays)|closing time',
      de: 'öffnungszeit*|wann (?:öffnen|schließen|habt|haben)|geöffnet|geschlossen|uhrzeit',
      fr: "horaires?|heures d['’]ouverture|ouvert*|fermé*|à quelle heure",
      es: 'horario*|abierto*|cerrado*|a qué hora (?:abren|cierran)|abren|cierran',
      ar: 'ساعات العمل|أوقات العمل|اوقات العمل|مواعيد العمل|تفتحون|تغلقون|مفتوح',
      zh: '营业时间|几点开门|几点关门|开门吗|开放时间|营业吗',
    },
    weak: {
      en: 'open|close|hours|when',
      de: 'offen|wann|stunden',
      fr: 'heures?|quand',
      es: 'horas?|cuándo',
      ar: 'متى|ساعة',
      zh: '几点|时间|什么时候',
    },
  },
  location_inquiry: {
    strong: {
      en: 'where (?:are|is|do|can i find) (?:you|your|the)|address|directions|how (?:do|can) (?:i|we) get (?:there|to)|located|location|parking|nearest',
      de: 'wo (?:seid|sind|ist|finde|liegt|kann)|adresse|anfahrt|standort*|parken|parkplatz|parkplätze',
      fr: 'où (?:êtes|est|se trouve|puis)|adresse|itinéraire|parking|se garer|situé*',
      es: 'dónde (?:están|está|queda|puedo)|donde (?:estan|esta)|dirección|ubicación|cómo llegar|aparcar|aparcamiento|estacionamiento',
      ar: 'أين|اين|عنوان|العنوان|الموقع|موقعكم|كيف أصل|موقف سيارات',
      zh: '在哪|地址|位置|怎么去|怎么走|停车',
    },
    weak: {
      en: 'where|near|map|city|office|branch',
      de: 'wo|nähe|karte|filiale|büro',
      fr: "où|près|plan d[’']accès|bureau",
      es: 'dónde|cerca|mapa|oficina|sucursal',
      ar: 'قريب|خريطة|فرع|مكتب',
      zh: '附近|地图|门店|分店',
    },
  },
  delivery_inquiry: {
    strong: {
      en: 'shipping|delivery|deliver|ship to|shipped|shipment|postage|how long (?:does|will) (?:it|delivery|shipping)',
      de: 'versand*|liefer*|zustellung|lieferzeit*',
      fr: 'livraison*|livrer|livrez|expédi*|frais de port|délai*',
      es: 'envío*|envio*|entrega*|enviar|envían|plazo de entrega',
      ar: 'شحن|الشحن|توصيل|التوصيل|تسليم',
      zh: '发货|配送|运费|快递|送货|物流',
    },
    weak: {
      en: 'ship|post|courier|abroad|international',
      de: 'paket|post|ausland',
      fr: 'colis|poste|étranger',
      es: 'correo|extranjero|paquetería',
      ar: 'بريد|دولي',
      zh: '寄|包裹|国际',
    },
  },
  order_status: {
    strong: {
      en: "order status|track (?:my|the|an)|tracking|where(?:[’']s| is) my (?:order|package|parcel)|my order|order number|my booking|my reservation",
      de: 'bestellstatus|sendungsverfolgung|meine bestellung|bestellnummer|wo ist mein*|meine buchung',
      fr: 'suivi|ma commande|numéro de commande|où est (?:ma|mon)|ma réservation',
      es: 'estado de mi|mi pedido|seguimiento|número de pedido|dónde está mi|mi reserva',
      ar: 'حالة الطلب|طلبي|تتبع|رقم الطلب|حجزي',
      zh: '订单状态|我的订单|物流查询|查订单|订单号|我的预订',
    },
    weak: {
      en: 'arrive*|arrived|status|parcel|package',
      de: 'status|angekommen|sendung',
      fr: 'statut|arrivé*|colis',
      es: 'estado|llegado|llega',
      ar: 'وصل|حالة',
      zh: '到了吗|状态|订单',
    },
  },
  cancellation_request: {
    strong: {
      en: 'cancel*|refund*|money back|return (?:it|this|policy|my|the)|reschedul*|change my (?:booking|order|reservation)|unsubscribe',
      de: 'stornier*|kündig*|rückerstattung*|erstatt*|zurückgeben|rückgabe|widerruf*|umbuchen|geld zurück',
      fr: 'annul*|rembours*|retourner|résili*|reporter|rétractation',
      es: 'cancel*|reembols*|devol*|anular|cambiar mi reserva|darme de baja',
      ar: 'إلغاء|الغاء|ألغي|استرداد|استرجاع|إرجاع|ارجاع',
      zh: '取消|退款|退货|退订|改期|退钱',
    },
    weak: {
      en: 'return|returns|postpone|exchange',
      de: 'umtausch*|verschieben',
      fr: 'échang*|retour',
      es: 'cambio|posponer',
      ar: 'تأجيل|استبدال',
      zh: '换货|延期',
    },
  },
  payment_inquiry: {
    strong: {
      en: 'payment*|pay (?:by|with|using|in)|credit card|debit card|invoice*|paypal|apple pay|bank transfer|billing|billed|receipt|vat',
      de: 'bezahl*|zahl(?:en|ung*|ungsarten)|kreditkarte|rechnung*|überweisung|mehrwertsteuer|lastschrift',
      fr: 'paiement*|payer|carte (?:bancaire|de crédit)|facture*|virement|tva',
      es: 'pago*|pagar|tarjeta*|factura*|transferencia|iva',
      ar: 'دفع|الدفع|فاتورة|فواتير|بطاقة ائتمان|تحويل بنكي',
      zh: '付款|支付|发票|信用卡|支付宝|微信支付|转账',
    },
    weak: {
      en: 'pay|paid|charged|card|installments?',
      de: 'karte|bezahlt|raten',
      fr: 'carte|payé|échéances?',
      es: 'cobrado|cuotas|plazos',
      ar: 'بطاقة|أقساط|تقسيط',
      zh: '分期|扣款',
    },
  },
  technical_issue: {
    strong: {
      en: "(?:doesn|isn|won)['’]?t (?:work|load|open|start)|not working|error*|bug|broken|crash*|can['’]?t (?:log ?in|sign in|connect|upload|open|access)|fails?|failed|stuck|troubleshoot*",
      de: 'funktioniert nicht|geht nicht|fehler*|defekt|kaputt|abgestürzt|störung|lädt nicht|problem mit',
      fr: 'ne (?:fonctionne|marche) pas|erreur*|bug|en panne|plante|bloqué*|problème avec',
      es: 'no funciona|error*|fallo*|falla|roto|rota|averiad*|bloquead*|problema con',
      ar: 'لا يعمل|لا تعمل|خطأ|عطل|مشكلة في|معطل',
      zh: '不能用|无法|出错|错误|故障|坏了|打不开|报错|用不了',
    },
    weak: {
      en: 'problem*|issue*|trouble|fix|wrong|slow',
      de: 'problem*|langsam|reparier*|falsch',
      fr: 'problème*|lent|réparer',
      es: 'problema*|lento|arreglar|mal',
      ar: 'مشكلة|بطيء|إصلاح',
      zh: '问题|慢|修',
    },
  },
  account_help: {
    strong: {
      en: 'my account|password|log ?in|sign ?in|username|reset my|change my (?:email|e-mail|password|address|name)|delete my (?:account|data)|two-factor|2fa',
      de: 'mein konto|passwort|kennwort|anmeldung|einloggen|login|benutzername|zugangsdaten',
      fr: 'mon compte|mot de passe|connexion|identifiant*|me connecter',
      es: 'mi cuenta|contraseña|iniciar sesión|usuario|acceder a mi',
      ar: 'حسابي|كلمة المرور|كلمة السر|تسجيل الدخول|اسم المستخدم',
      zh: '我的账户|账号|密码|登录|用户名|注册',
    },
    weak: {
      en: 'account|profile|settings|register',
      de: 'konto|profil|einstellungen|registrier*',
      fr: 'compte|profil|paramètres',
      es: 'cuenta|perfil|ajustes|registr*',
      ar: 'حساب|الملف الشخصي|إعدادات',
      zh: '账户|设置|资料',
    },
  },
  complaint: {
    strong: {
      en: 'complain*|terrible|awful|unacceptable|disappoint*|angry|worst|scam|ridiculous|rude|not happy|unhappy',
      de: 'beschwer*|unverschämt|enttäusch*|schrecklich|inakzeptabel|betrug|unzufrieden|ärgerlich',
      fr: 'plainte|réclamation*|inacceptable|déçu*|horrible|arnaque|scandaleux|mécontent*',
      es: 'queja*|reclam*|inaceptable|decepcion*|horrible|estafa|pésimo|enfadad*',
      ar: 'شكوى|أشتكي|سيء|سيئة|غير مقبول|محبط|احتيال',
      zh: '投诉|太差|骗子|失望|不满|糟糕|不能接受',
    },
    weak: {
      en: 'bad|poor|frustrat*|annoy*',
      de: 'schlecht|nervig|ärger',
      fr: 'mauvais*|nul|frustr*',
      es: 'malo|mala|frustr*',
      ar: 'مزعج|رديء',
      zh: '差|烦',
    },
  },
} as const satisfies Record<string, IntentWords>;
