/**
 * Lets the simulator's phone answer without loading the page anew.
 *
 * What the server answers is the phone as it would show it: what has changed is put
 * in, so that the focus stays, and a screen reader hears only what is new.
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
    this.scrollDown();
    this.opened = () => this.ask();
    this.panel = this.element.closest('[data-side-panel]');
    this.panel?.addEventListener('show', this.opened);
    if (this.panel && !this.panel.hidden) this.ask();
  }

  disconnect() {
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

  async ask(submitter) {
    const isText = !submitter?.name || submitter.name === 'phone-chip';
    const fields = this.fields(submitter);
    // A change of the settings must not send a text that is half typed.
    if (!submitter) fields.delete('phone-text');
    this.request?.abort();
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
        this.say(this.refusedValue);
      } else {
        if (!response.ok) throw new Error(response.statusText);
        this.show(await response.text(), isText && Boolean(submitter));
      }
    } catch (error) {
      if (error.name === 'AbortError') return;
      this.say(this.failedValue);
    }
    this.element.removeAttribute('aria-busy');
  }

  fields(submitter) {
    const fields = new FormData(this.element);
    if (submitter?.name) fields.append(submitter.name, submitter.value);
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

  show(html, isText) {
    const answer = new DOMParser()
      .parseFromString(html, 'text/html')
      .querySelector('form.sms-phone');
    if (!answer) throw new Error('no phone');
    for (const name of ['to', 'errors', 'chips', 'standing']) {
      const [old, fresh] = [this.element, answer].map((form) => this.part(form, name));
      if (old.innerHTML !== fresh.innerHTML) this.replace(old, fresh);
    }
    this.copy(answer, 'phone-texts');
    this.copy(answer, 'phone-clock');
    if (isText) this.copy(answer, 'phone-text');
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
