/**
 * Lets the simulator's phone answer without loading the page anew.
 *
 * What the server answers is the phone as it would show it: what has changed is put
 * in, so that the focus stays, and a screen reader hears only what is new.
 *
 * One text goes out at a time: what is asked meanwhile waits, since each answer carries
 * the conversation on to the next. What is typed meanwhile stays.
 *
 * In a side panel of an editor it asks as soon as the panel is opened: what answers is
 * what stands in the editor then.
 *
 * @example
 * <form
 *   data-controller="sms-simulator"
 *   data-action="submit->sms-simulator#send change->sms-simulator#settle"
 *   data-sms-simulator-failed-value="The simulator did not answer."
 *   data-sms-simulator-refused-value="You are logged out."
 * >
 *   <input type="hidden" name="phone-texts" />
 *   <div role="log" data-sms-simulator-target="log"></div>
 *   <div role="alert" data-sms-simulator-part="errors"></div>
 * </form>
 */
class SmsSimulator extends window.StimulusModule.Controller {
  static targets = ['log'];

  static values = { failed: String, refused: String };

  connect() {
    this.waiting = [];
    this.underWay = null;
    this.scrollDown();
    this.opened = () => this.ask();
    this.panel = this.element.closest('[data-side-panel]');
    this.panel?.addEventListener('show', this.opened);
    if (this.panel && !this.panel.hidden) this.ask();
  }

  disconnect() {
    this.waiting = [];
    this.request?.abort();
    this.panel?.removeEventListener('show', this.opened);
  }

  send(event) {
    event.preventDefault();
    this.ask(event.submitter);
  }

  /** How the conversation began has changed: hold it anew. */
  settle(event) {
    if (event.target.name !== 'phone-text') this.ask();
  }

  ask(submitter) {
    const asked = this.asked(submitter);
    if (this.isAskedAlready(asked)) return;
    const isHeld = Boolean(this.underWay) && !this.underWay.isSettings;
    if (isHeld || this.waiting.length) {
      this.waiting.push(asked);
      return;
    }
    // What is asked now asks for the settings as well.
    this.request?.abort();
    this.answer(asked);
  }

  /** What is asked for, as it stood when it was. */
  asked(submitter) {
    const { name, value } = submitter ?? {};
    const isSend = Boolean(submitter) && !name;
    return {
      name,
      value,
      isSend,
      isSettings: !submitter || name === 'phone-apply',
      isText: isSend || name === 'phone-chip',
      typed: this.element.elements['phone-text'].value,
    };
  }

  /** A second press of Send on the same text; settings that will be asked for. */
  isAskedAlready({ isSend, isSettings, typed }) {
    if (isSettings) return Boolean(this.waiting.at(-1)?.isSettings);
    if (!isSend) return false;
    const sent = [this.underWay, ...this.waiting].findLast((one) => one?.isSend);
    return sent?.typed === typed;
  }

  async answer(asked) {
    const fields = this.fields(asked);
    this.underWay = asked;
    this.request = new AbortController();
    this.element.setAttribute('aria-busy', 'true');
    try {
      const response = await fetch(this.element.action, {
        method: 'POST',
        body: fields,
        headers: this.headers(),
        signal: this.request.signal,
      });
      if (this.isRefusal(response)) {
        this.giveUp(this.refusedValue);
      } else {
        if (!response.ok) throw new Error(response.statusText);
        this.show(await response.text(), fields, asked.isText);
      }
    } catch (error) {
      if (error.name === 'AbortError') return;
      this.giveUp(this.failedValue);
    }
    this.underWay = null;
    const next = this.waiting.shift();
    if (next) this.answer(next);
    else this.element.removeAttribute('aria-busy');
  }

  /** What waits would come in a conversation that lacks a text. */
  giveUp(text) {
    this.waiting = [];
    this.say(text);
  }

  fields({ name, value, isText, typed }) {
    const fields = new FormData(this.element);
    // Nothing but a press of Send or of a keyword sends what is half typed.
    if (isText) fields.set('phone-text', typed);
    else fields.delete('phone-text');
    if (name) fields.append(name, value);
    return fields;
  }

  /** Whoever is logged out is told 403, or sent on to a page with a form. */
  isRefusal({ redirected, status }) {
    return redirected || status === 403;
  }

  say(text) {
    const line = document.createElement('p');
    line.textContent = text;
    this.part(this.element, 'errors').replaceChildren(line);
  }

  headers() {
    const config = JSON.parse(document.getElementById('wagtail-config').textContent);
    return {
      'X-Requested-With': 'XMLHttpRequest',
      [config.CSRF_HEADER_NAME]: config.CSRF_TOKEN,
    };
  }

  show(html, sent, isText) {
    const answer = new DOMParser()
      .parseFromString(html, 'text/html')
      .querySelector('form.sms-phone');
    if (!answer) throw new Error('no phone');
    for (const name of ['to', 'errors', 'chips', 'standing']) {
      const [old, fresh] = [this.element, answer].map((form) => this.part(form, name));
      if (old.innerHTML !== fresh.innerHTML) this.replace(old, fresh);
    }
    this.copy(answer, 'phone-texts');
    // What was typed since is newer than the answer.
    for (const name of ['phone-clock', ...(isText ? ['phone-text'] : [])]) {
      if (this.element.elements[name].value === sent.get(name)) this.copy(answer, name);
    }
    this.replaceNumbers(answer);
    if (!answer.hasAttribute('data-sms-simulator-keeps')) {
      this.addTurns(answer.querySelector('[role=log]'));
    }
  }

  part(form, name) {
    return form.querySelector(`[data-sms-simulator-part=${name}]`);
  }

  /** The button that was pressed may be among what is replaced. */
  replace(old, fresh) {
    const { value } = old.contains(document.activeElement)
      ? document.activeElement
      : {};
    old.replaceChildren(...fresh.childNodes);
    if (value === undefined) return;
    const again = [...old.querySelectorAll('button')].find((one) => one.value === value);
    (again ?? this.element.elements['phone-text']).focus();
  }

  copy(answer, name) {
    const [old, fresh] = [this.element, answer].map((form) => form.elements[name]);
    // Setting the same value anew would take the caret from where it is.
    if (old.value !== fresh.value) old.value = fresh.value;
  }

  replaceNumbers(answer) {
    const [old, fresh] = [this.element, answer].map(
      (form) => form.elements['phone-recipient'],
    );
    const numbers = ({ options }) => [...options].map((one) => one.value).join();
    if (numbers(old) !== numbers(fresh)) old.replaceChildren(...fresh.childNodes);
  }

  /** Keep the turns that stand there already: what is added is read out. */
  addTurns(log) {
    const old = [...this.logTarget.children];
    const fresh = [...log.children];
    let same = 0;
    while (
      same < Math.min(old.length, fresh.length) &&
      this.plain(old[same]) === this.plain(fresh[same])
    ) {
      same += 1;
    }
    old.slice(same).forEach((turn) => turn.remove());
    this.logTarget.append(...fresh.slice(same));
    if (fresh.length > same) this.scrollDown();
  }

  plain(turn) {
    const copy = turn.cloneNode(true);
    copy.querySelectorAll('details').forEach((one) => one.removeAttribute('open'));
    return copy.outerHTML;
  }

  scrollDown() {
    this.logTarget.scrollTop = this.logTarget.scrollHeight;
  }
}

window.wagtail.app.register('sms-simulator', SmsSimulator);
