/**
 * How a body is counted: the twin of engine/segments.py and engine/savings.py, which
 * decide. Both are held against tests/data/segments.json and savings.json.
 */
const GSM7 = 'GSM-7';
const UCS2 = 'UCS-2';

const BASIC =
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?' +
  '¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà';
const EXTENSION = '\f^{}\\[~]|€';
const SIZES = { [GSM7]: [160, 153], [UCS2]: [70, 67] };

const GSM7_CHARACTERS = new Set(BASIC + EXTENSION);
const GSM7_CLASS = [...GSM7_CHARACTERS]
  .map((character) => character.replace(/[\\\]^-]/, '\\$&'))
  .join('');

const LINE_ENDS = /\r\n|[\r\x0b\x0c\x85\u2028\u2029]/g;
const INVISIBLE =
  /[\x00-\x08\x0e-\x1f\x7f-\x9f\xad\u034f\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;
const JOINERS = '[\\u200c\\u200d\\ufe00-\\ufe0f\\u{e0020}-\\u{e007f}]';
const JOINER = new RegExp(`^${JOINERS}$`, 'u');
// Without lookbehind: older Safari has none.
const IDLE_JOINERS = new RegExp(`(^|[${GSM7_CLASS}])${JOINERS}+(?!\\u20e3)`, 'gu');
const LONE_SURROGATES =
  /[\ud800-\udbff](?![\udc00-\udfff])|(^|[^\ud800-\udbff])[\udc00-\udfff]/g;

const REPLACEMENTS = [
  ['‘’‚‛‹›′ʼ´`', "'"],
  ['“”„‟«»″', '"'],
  ['‐‑‒–—―−•', '-'],
  ['\xa0\u1680\u202f\u205f\u3000', ' '],
  ['\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a', ' '],
  ['…', '...'],
  ['œ', 'oe'],
  ['Œ', 'OE'],
  ['ĳ', 'ij'],
  ['Ĳ', 'IJ'],
  ['ﬁ', 'fi'],
  ['ﬂ', 'fl'],
  ['×', 'x'],
  ['⁄', '/'],
  ['½', '1/2'],
  ['¼', '1/4'],
  ['¾', '3/4'],
  ['→', '->'],
  ['™', 'TM'],
];
const TYPOGRAPHY = new Map(
  REPLACEMENTS.flatMap(([characters, plain]) =>
    [...characters].map((character) => [character, plain]),
  ),
);

const isFullwidth = (character) => character >= '\uff01' && character <= '\uff5e';

const toPlain = (character) =>
  isFullwidth(character)
    ? String.fromCharCode(character.charCodeAt(0) - 0xfee0)
    : (TYPOGRAPHY.get(character) ?? character);

// Letters whose stroke or shape is no combining mark.
const UNMARKED = { ł: 'l', Ł: 'L', đ: 'd', Đ: 'D', ı: 'i', ħ: 'h', Ħ: 'H' };

const withoutAccent = (character) => {
  if (GSM7_CHARACTERS.has(character)) return character;
  const bare = character.normalize('NFD').replace(/\p{M}/gu, '');
  return UNMARKED[bare] ?? bare;
};

/** The GSM-7 text that stands in for a costly character, or ''. */
const standInFor = (character) => {
  const bare = [...toPlain(character)].map(withoutAccent).join('');
  return costlyOf(bare).length ? '' : bare;
};

const withStandIns = (body, standIns) =>
  [...body].map((character) => standIns.get(character) || character).join('');

const timesIn = (body, character) => body.split(character).length - 1;

const widthOf = (character, encoding) =>
  encoding === UCS2 ? character.length : 1 + EXTENSION.includes(character);

const unitsOf = (text, encoding) =>
  [...text].reduce((sum, character) => sum + widthOf(character, encoding), 0);

const costlyOf = (body) => [
  ...new Set([...body].filter((character) => !GSM7_CHARACTERS.has(character))),
];

/** More kinds of characters than these are not listed one by one. */
const MOST_LISTED = 12;

/**
 * Shows below a text what it costs as an SMS, and why.
 *
 * @example
 * <textarea
 *   data-controller="sms-segments"
 *   data-action="input->sms-segments#update"
 *   data-sms-segments-strings-value='{"used": "%(units)s of %(limit)s", ...}'
 *   data-sms-segments-warn-over-value="2"
 *   data-sms-segments-max-value="9"
 * ></textarea>
 */
class SmsSegments extends window.StimulusModule.Controller {
  static values = {
    strings: Object,
    warnOver: { type: Number, default: 2 },
    max: { type: Number, default: 9 },
    plain: { type: Boolean, default: true },
  };

  /** Encoding, units, units of each part and costly characters of a body. */
  static count(body) {
    const costly = costlyOf(body);
    const encoding = costly.length ? UCS2 : GSM7;
    const [single, size] = SIZES[encoding];
    const parts = [0];
    const isSingle = unitsOf(body, encoding) <= single;
    for (const character of body) {
      const width = widthOf(character, encoding);
      if (!isSingle && parts.at(-1) + width > size) parts.push(0);
      parts[parts.length - 1] += width;
    }
    return {
      encoding,
      units: unitsOf(body, encoding),
      unitsPerPart: parts,
      parts: parts.length,
      limit: isSingle ? single : size * parts.length,
      left: (isSingle ? single : size) - parts.at(-1),
      size,
      costly,
    };
  }

  /** The body as it is sent: composed, without controls and invisibles. */
  static clean(body) {
    return body
      .replace(LONE_SURROGATES, '$1')
      .replace(LINE_ENDS, '\n')
      .replaceAll('\t', ' ')
      .replace(INVISIBLE, '')
      .replace(IDLE_JOINERS, '$1')
      .normalize('NFC');
  }

  /** The cleaned body with plain quotes, dashes and spaces if that makes it GSM-7. */
  static replaceTypography(body) {
    const cleaned = SmsSegments.clean(body);
    const plain = SmsSegments.clean([...cleaned].map(toPlain).join(''));
    return costlyOf(plain).length ? cleaned : plain;
  }

  /** What a body costs as it is sent, and what replacing characters would save. */
  static review({ body, replacesTypography }) {
    const typed = SmsSegments.clean(body);
    const sentAs = (text) =>
      replacesTypography ? SmsSegments.replaceTypography(text) : SmsSegments.clean(text);
    const partsOf = (text) => SmsSegments.count(sentAs(text)).parts;
    const sent = sentAs(typed);
    const count = SmsSegments.count(sent);
    const characters = count.costly.filter((character) => !JOINER.test(character));
    const standIns = new Map(characters.map((one) => [one, standInFor(one)]));
    const allReplaced = withStandIns(typed, standIns);
    return {
      typed,
      sent,
      count,
      replaced: sent === typed ? [] : costlyOf(typed),
      costly: characters.map((character) => {
        const replacement = standIns.get(character);
        return {
          character,
          times: timesIn(typed, character),
          replacement,
          parts: replacement
            ? partsOf(withStandIns(typed, new Map([[character, replacement]])))
            : count.parts,
        };
      }),
      allReplaced,
      allParts: partsOf(allReplaced),
    };
  }

  connect() {
    const id = `${this.element.id || 'sms-text'}-segments`;
    this.output = document.createElement('div');
    this.output.className = 'sms-segments';
    this.output.id = id;
    this.announcer = document.createElement('div');
    this.announcer.className = 'w-sr-only';
    this.announcer.setAttribute('role', 'status');
    this.savings = document.createElement('div');
    this.savings.className = 'sms-savings';
    this.element.after(this.output, this.savings, this.announcer);
    this.describeBy(id);
    this.summary = null;
    this.update();
  }

  disconnect() {
    clearTimeout(this.timer);
    this.output.remove();
    this.savings.remove();
    this.announcer.remove();
  }

  describeBy(id) {
    const ids = (this.element.getAttribute('aria-describedby') || '').split(/\s+/);
    const all = new Set([...ids.filter(Boolean), id]);
    this.element.setAttribute('aria-describedby', [...all].join(' '));
  }

  update() {
    const body = this.element.value.trim();
    const review = SmsSegments.review({ body, replacesTypography: this.plainValue });
    const notes = this.notesOn(review, body);
    const figures = this.figuresOf(review.count);
    this.output.replaceChildren(this.line(figures), ...notes.map(this.note, this));
    this.showSavings(review);
    this.announce(review.count, notes);
  }

  figuresOf({ units, limit, left, size, parts, encoding }) {
    const { used, perPart, encodings } = this.stringsValue;
    const figures = [this.fill(used, { units, limit }), this.partsOf(parts)];
    if (parts > 1) figures.push(this.fill(perPart, { size }));
    figures.push(encodings[encoding], this.fill(this.stringsValue.left, { left }));
    return figures.join(' · ');
  }

  notesOn({ count: { parts }, costly, replaced, typed }, body) {
    const { long, tooLong, placeholders, leftOut } = this.stringsValue;
    const notes = [];
    if (parts > this.maxValue) {
      const text = this.fill(tooLong, { parts: this.partsOf(this.maxValue) });
      notes.push({ text, icon: 'warning', level: 'error' });
    } else if (parts > this.warnOverValue) {
      const text = this.fill(long, { parts: this.partsOf(parts) });
      notes.push({ text, icon: 'warning', level: 'warning' });
    }
    if (costly.length) {
      const names = costly.map(({ character }) => this.nameOf(character));
      notes.push(this.characterNote('costly', names));
    }
    if (replaced.length) {
      const pairs = replaced.map((one) => `${this.nameOf(one)} → ${toPlain(one)}`);
      notes.push(this.characterNote('replaced', pairs));
    }
    if (typed.length < body.normalize('NFC').length) {
      notes.push({ text: leftOut, icon: 'info-circle' });
    }
    if (typed.includes('{{')) notes.push({ text: placeholders, icon: 'info-circle' });
    return notes;
  }

  /** A note that lists characters, isolated: some would turn right-to-left text. */
  characterNote(name, listed) {
    const characters = listed.map((one) => `\u2068${one}\u2069`).join(' ');
    return {
      text: this.fill(this.stringsValue[name], { characters }),
      icon: 'info-circle',
    };
  }

  nameOf(character) {
    if (/^[\xa0\u202f]$/.test(character)) return this.stringsValue.space;
    // A mark alone needs something to stand on.
    if (/^\p{M}$/u.test(character)) return `\u25cc${character}`;
    if (/^[\p{Z}\p{C}]$/u.test(character)) {
      return `U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
    }
    return character;
  }

  partsOf(number) {
    const { parts } = this.stringsValue;
    return parts[Math.min(number, parts.length - 1)];
  }

  fill(template, values) {
    return template.replace(/%\((\w+)\)s/g, (_, name) => values[name]);
  }

  line(text) {
    const line = document.createElement('p');
    line.className = 'sms-segments__figures';
    line.textContent = text;
    return line;
  }

  note({ text, icon, level = 'info' }) {
    const note = this.line(text);
    note.className = `sms-segments__note sms-segments__note--${level}`;
    note.prepend(this.icon(icon));
    return note;
  }

  icon(name) {
    const namespace = 'http://www.w3.org/2000/svg';
    const svg = document.createElementNS(namespace, 'svg');
    svg.setAttribute('class', `icon icon-${name}`);
    svg.setAttribute('aria-hidden', 'true');
    const use = document.createElementNS(namespace, 'use');
    use.setAttribute('href', `#icon-${name}`);
    svg.append(use);
    return svg;
  }

  /** List what costs, each with what replacing it saves; leave an equal list alone. */
  showSavings({ costly, count: { parts }, allParts }) {
    const shown = JSON.stringify([costly, parts, allParts]);
    if (shown === this.shown) return;
    this.shown = shown;
    const list = document.createElement('ul');
    list.className = 'sms-savings__list';
    list.append(...costly.slice(0, MOST_LISTED).map((one) => this.item(one, parts)));
    const rest = costly.length - MOST_LISTED;
    const { more, replaceAll } = this.stringsValue;
    this.savings.replaceChildren(...(costly.length ? [list] : []));
    if (rest > 0) this.savings.append(this.line(this.fill(more, { count: rest })));
    const replaceable = costly.filter(({ replacement }) => replacement);
    if (replaceable.length > 1 && allParts <= parts) {
      const all = document.createElement('p');
      all.className = 'sms-savings__all';
      all.append(
        this.button(replaceAll, replaceAll, replaceable),
        ' ',
        this.savingOf(allParts, parts),
      );
      this.savings.append(all);
    }
  }

  item(costly, parts) {
    const { noReplacement, replace, replaceWith } = this.stringsValue;
    const { character, times, replacement } = costly;
    const name = this.nameOf(character);
    const item = document.createElement('li');
    item.className = 'sms-savings__item';
    const pair = document.createElement('bdi');
    pair.className = 'sms-savings__pair';
    pair.dir = 'ltr';
    pair.textContent = `${name} ×${times}${replacement && ` → ${replacement}`}`;
    const saving = document.createElement('span');
    saving.textContent = replacement ? this.savingOf(costly.parts, parts) : noReplacement;
    item.append(pair, saving);
    if (replacement && costly.parts <= parts) {
      const label = this.fill(replaceWith, { character: name, replacement });
      item.append(this.button(replace, label, [costly]));
    }
    return item;
  }

  savingOf(after, before) {
    const { saving, noSaving, dearer } = this.stringsValue;
    if (after === before) return noSaving;
    const values = { after: this.partsOf(after), before: this.partsOf(before) };
    return this.fill(after < before ? saving : dearer, values);
  }

  button(text, label, costly) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'button button-small button-secondary sms-savings__button';
    button.textContent = text;
    if (label !== text) button.setAttribute('aria-label', label);
    button.addEventListener('click', () => this.replace(costly));
    return button;
  }

  /** Put the stand-ins in the text, as if typed: the browser can undo it. */
  replace(costly) {
    const old = this.element.value;
    const standIns = new Map(
      costly.map(({ character, replacement }) => [character, replacement]),
    );
    const text = withStandIns(old.normalize('NFC'), standIns);
    let start = 0;
    while (start < old.length && old[start] === text[start]) start += 1;
    let end = 0;
    const most = Math.min(old.length, text.length) - start;
    while (end < most && old.at(-1 - end) === text.at(-1 - end)) end += 1;
    const inserted = text.slice(start, text.length - end);
    this.element.focus();
    this.element.setSelectionRange(start, old.length - end);
    document.execCommand('insertText', false, inserted);
    if (this.element.value === text) return;
    this.element.value = text;
    this.element.dispatchEvent(new Event('input', { bubbles: true }));
  }

  /** Speak only when parts, encoding or notes change, once the typing pauses. */
  announce({ parts, encoding }, notes) {
    const words = [this.partsOf(parts), this.stringsValue.encodings[encoding]];
    const summary = [words.join(', '), ...notes.map(({ text }) => text)].join('. ');
    const isFirst = this.summary === null;
    if (summary === this.summary) return;
    this.summary = summary;
    clearTimeout(this.timer);
    if (isFirst) return;
    this.timer = setTimeout(() => {
      this.announcer.textContent = summary;
    }, 1000);
  }
}

window.wagtail.app.register('sms-segments', SmsSegments);
