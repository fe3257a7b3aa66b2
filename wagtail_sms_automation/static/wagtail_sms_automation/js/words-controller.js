const SEPARATORS = /[,;،\n\r\t]/;

// The letters whose title case is not their upper case.
const TITLE_CASES = { ǆ: 'ǅ', ǉ: 'ǈ', ǌ: 'ǋ', ǳ: 'ǲ' };

/**
 * Several short texts as chips. The textarea below stays what is submitted,
 * one text per line, and holds what is half typed too.
 *
 * @example
 * <textarea
 *   data-controller="sms-words"
 *   data-sms-words-variants-value="true"
 *   data-sms-words-strings-value='{"remove": "Remove %(word)s", ...}'
 * ></textarea>
 */
class SmsWords extends window.StimulusModule.Controller {
  static values = {
    strings: Object,
    variants: Boolean,
    inputMode: { type: String, default: 'text' },
  };

  /** The ways a phone may write a keyword; the twin of engine/text.py. */
  static caseVariants(word) {
    const keyword = SmsWords.tidy(word.normalize('NFC'));
    const lower = keyword.toLowerCase();
    const [first = '', ...rest] = lower;
    const variants = [
      keyword.toUpperCase(),
      SmsWords.titleCase(first) + rest.join(''),
      lower,
      keyword,
    ];
    return [...new Set(variants.filter(Boolean))];
  }

  /** One character as it begins a title: ß gives Ss, and Georgian has no capitals. */
  static titleCase(character) {
    if (TITLE_CASES[character]) return TITLE_CASES[character];
    if (/[\u10d0-\u10ff]/.test(character)) return character;
    const [first = '', ...rest] = character.toUpperCase();
    return first + rest.join('').toLowerCase();
  }

  /** Texts of a list; "double quotes" keep a comma inside one. */
  static split(written) {
    const words = [];
    let word = '';
    let isQuoted = false;
    for (const character of written) {
      if (character === '"' && (isQuoted || !word.trim())) {
        isQuoted = !isQuoted;
      } else if (SEPARATORS.test(character) && !(isQuoted && character === ',')) {
        words.push(word);
        word = '';
        isQuoted = false;
      } else {
        word += character;
      }
    }
    return { words: [...words, word].map(SmsWords.tidy), isQuoted };
  }

  static tidy(word) {
    return word.trim().replace(/\s+/g, ' ');
  }

  connect() {
    this.words = [];
    this.element.value.split('\n').map(SmsWords.tidy).forEach(this.keep, this);
    this.build();
    this.takeOver();
    this.draw();
  }

  disconnect() {
    this.element.id = this.entry.id;
    this.element.classList.remove('sms-words__source');
    ['tabindex', 'aria-hidden'].forEach((name) => this.element.removeAttribute(name));
    this.element.removeEventListener('focus', this.passFocus);
    this.root.remove();
  }

  build() {
    const { list, variants } = this.stringsValue;
    this.root = this.make('div', 'sms-words');
    this.box = this.make('div', 'sms-words__box');
    this.list = this.make('ul', 'sms-words__list', { role: 'list', 'aria-label': list });
    this.status = this.make('div', 'w-sr-only', { role: 'status' });
    this.hint = this.make('p', 'sms-words__hint', { id: `${this.element.id}-hint` });
    this.hint.textContent = this.stringsValue.hint;
    this.buildEntry();
    this.box.append(this.list, this.entry);
    this.root.append(this.box, this.hint);
    if (this.variantsValue) this.root.append(this.variantsButton(variants));
    this.root.append(this.status);
  }

  buildEntry() {
    this.entry = this.make('input', 'sms-words__entry', {
      type: 'text',
      inputmode: this.inputModeValue,
      autocomplete: 'off',
      autocapitalize: 'off',
      spellcheck: 'false',
      dir: 'auto',
    });
    this.entry.addEventListener('keydown', (event) => this.onKey(event));
    this.entry.addEventListener('input', () => this.onInput());
    this.entry.addEventListener('paste', (event) => this.onPaste(event));
    this.entry.addEventListener('blur', () => this.addTyped());
  }

  /** Let the entry stand for the textarea: its label, description and errors. */
  takeOver() {
    const { element, entry } = this;
    const descriptions = [element.getAttribute('aria-describedby'), this.hint.id];
    if (element.getAttribute('aria-invalid')) {
      entry.setAttribute('aria-invalid', 'true');
      descriptions.push(`${element.id}-errors`);
    }
    entry.setAttribute('aria-describedby', descriptions.filter(Boolean).join(' '));
    if (element.required) entry.setAttribute('aria-required', 'true');
    entry.id = element.id;
    element.removeAttribute('id');
    element.required = false;
    element.classList.add('sms-words__source');
    element.tabIndex = -1;
    element.setAttribute('aria-hidden', 'true');
    this.passFocus = () => entry.focus();
    element.addEventListener('focus', this.passFocus);
    element.after(this.root);
    if (document.activeElement === element) entry.focus();
  }

  onKey(event) {
    if (event.isComposing) return;
    if (event.key === 'Enter') {
      event.preventDefault();
      this.addTyped();
    } else if (event.key === 'Backspace' && !this.entry.value && this.words.length) {
      event.preventDefault();
      this.remove(this.words.at(-1), this.entry);
    }
  }

  onInput() {
    const { words, isQuoted } = SmsWords.split(this.entry.value);
    if (words.length > 1) {
      this.entry.value = isQuoted ? `"${words.at(-1)}` : words.at(-1);
      this.add(words.slice(0, -1));
    } else {
      this.store();
    }
  }

  onPaste(event) {
    const pasted = event.clipboardData.getData('text');
    if (!SEPARATORS.test(pasted)) return;
    event.preventDefault();
    const { value, selectionStart, selectionEnd } = this.entry;
    const before = value.slice(0, selectionStart);
    const after = value.slice(selectionEnd);
    this.entry.value = '';
    this.add(SmsWords.split(before + pasted + after).words);
  }

  addTyped() {
    const { words } = SmsWords.split(this.entry.value);
    this.entry.value = '';
    this.add(words);
  }

  add(words) {
    const written = words.filter(Boolean);
    if (!written.length) return;
    const added = written.filter(this.keep, this);
    this.draw();
    const repeated = written.filter((word) => !added.includes(word));
    this.say([
      ...(added.length ? [['added', added]] : []),
      ...(repeated.length ? [['repeated', repeated]] : []),
    ]);
  }

  keep(word) {
    if (!word || this.words.includes(word)) return false;
    this.words.push(word);
    return true;
  }

  remove(word, focusOn) {
    const position = this.words.indexOf(word);
    this.words.splice(position, 1);
    this.draw();
    this.say([['removed', [word]]]);
    const buttons = this.list.querySelectorAll('button');
    const next = buttons[Math.min(position, buttons.length - 1)];
    (focusOn || next || this.entry).focus();
  }

  addVariants() {
    this.addTyped();
    const before = new Set(this.words);
    this.words = [
      ...new Set(this.words.flatMap((word) => [word, ...SmsWords.caseVariants(word)])),
    ];
    const added = this.words.filter((word) => !before.has(word));
    this.draw();
    const { variantsAdded, variantsComplete } = this.stringsValue;
    this.status.textContent = added.length
      ? variantsAdded.replace('%(words)s', () => added.join(', '))
      : variantsComplete;
  }

  /** What is submitted: the chips, and what is half typed. */
  store() {
    const typed = SmsWords.split(this.entry.value).words.filter(Boolean);
    const value = [...new Set([...this.words, ...typed])].join('\n');
    if (value === this.element.value) return;
    this.element.value = value;
    this.element.dispatchEvent(new Event('input', { bubbles: true }));
    this.element.dispatchEvent(new Event('change', { bubbles: true }));
  }

  draw() {
    this.list.replaceChildren(...this.words.map(this.chip, this));
    this.list.hidden = !this.words.length;
    this.store();
  }

  chip(word) {
    const item = this.make('li', 'sms-words__item');
    const text = this.make('span', 'sms-words__word', { dir: 'auto' });
    text.textContent = word;
    const button = this.make('button', 'sms-words__remove', {
      'type': 'button',
      'aria-label': this.stringsValue.remove.replace('%(word)s', () => word),
    });
    button.append(this.icon('cross'));
    button.addEventListener('click', () => this.remove(word));
    item.append(text, button);
    return item;
  }

  variantsButton(label) {
    const id = `${this.element.id}-variants-hint`;
    const button = this.make('button', 'button button-small button-secondary', {
      'type': 'button',
      'aria-describedby': id,
    });
    button.textContent = label;
    button.addEventListener('click', () => this.addVariants());
    const hint = this.make('span', 'sms-words__hint', { id });
    hint.textContent = this.stringsValue.variantsHelp;
    const line = this.make('p', 'sms-words__variants');
    line.append(button, hint);
    return line;
  }

  say(news) {
    this.status.textContent = news
      .map(([name, words]) =>
        this.stringsValue[name].replace('%(word)s', () => words.join(', ')),
      )
      .join(' ');
  }

  make(tag, className, attributes = {}) {
    const element = document.createElement(tag);
    element.className = className;
    Object.entries(attributes).forEach(([name, value]) =>
      element.setAttribute(name, value),
    );
    return element;
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
}

window.wagtail.app.register('sms-words', SmsWords);
