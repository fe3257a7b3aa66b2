/**
 * Turns a name in a list into a field, and back. Without it the link beside the name
 * leads to a page with the field.
 *
 * @example
 * <div data-controller="sms-rename" data-sms-rename-title-value="id-of-the-name"
 *   data-sms-rename-refused-value="You may not." data-sms-rename-failed-value="Not saved.">
 *   <div data-sms-rename-target="shown">
 *     <span id="id-of-the-name">Stage 1</span>
 *     <a href="/rename/1/" data-sms-rename-target="open"
 *       data-action="sms-rename#open:prevent">Rename “Stage 1”</a>
 *   </div>
 *   <template data-sms-rename-target="form">
 *     <form action="/rename/1/"
 *       data-action="sms-rename#save:prevent keydown.esc->sms-rename#cancel">
 *       <input type="hidden" name="was"><input type="text" name="name">
 *       <p id="error" data-sms-rename-target="error"></p>
 *     </form>
 *   </template>
 * </div>
 */
class SmsRename extends window.StimulusModule.Controller {
  static targets = ['shown', 'open', 'form', 'error'];

  static values = { title: String, refused: String, failed: String };

  open() {
    if (this.form) return;
    this.element.append(this.formTarget.content.cloneNode(true));
    this.form = this.element.querySelector('form');
    this.name ??= this.form.elements.was.value;
    this.form.elements.was.value = this.name;
    this.field.value = this.name;
    this.shownTarget.hidden = true;
    this.field.select();
    this.field.focus();
  }

  cancel() {
    this.close();
  }

  disconnect() {
    this.form?.remove();
    this.form = null;
    this.shownTarget.hidden = false;
  }

  async save() {
    if (this.isSaving) return;
    this.isSaving = true;
    try {
      const response = await fetch(this.form.action, {
        method: 'POST',
        headers: this.headers(),
        body: new FormData(this.form),
        redirect: 'manual',
      });
      if (response.type === 'opaqueredirect' || response.status === 403) {
        this.refuse({ errors: [this.refusedValue] });
        return;
      }
      const answer = await response.json();
      if (response.ok) this.finish(answer);
      else this.refuse(answer);
    } catch {
      this.refuse({ errors: [this.failedValue] });
    } finally {
      this.isSaving = false;
    }
  }

  headers() {
    const config = JSON.parse(document.getElementById('wagtail-config').textContent);
    return {
      Accept: 'application/json',
      'X-Requested-With': 'XMLHttpRequest',
      [config.CSRF_HEADER_NAME]: config.CSRF_TOKEN,
    };
  }

  finish({ name, message }) {
    this.call(this.name, name);
    this.close();
    this.dispatch('w-messages:add', {
      prefix: '',
      target: document,
      detail: { clear: true, text: message, type: 'success' },
    });
  }

  refuse({ errors, was }) {
    if (!this.form) return;
    if (was !== undefined) this.form.elements.was.value = was;
    this.errorTarget.textContent = errors.join(' ');
    this.field.setAttribute('aria-invalid', 'true');
    this.field.setAttribute('aria-describedby', this.errorTarget.id);
    this.field.focus();
  }

  close() {
    this.form?.remove();
    this.form = null;
    this.shownTarget.hidden = false;
    this.openTarget.focus();
  }

  /** The labels of the buttons beside a name end in it. */
  call(old, fresh) {
    const cell = this.element.closest('td');
    const renamed = (label) => {
      const at = label.lastIndexOf(old);
      return at < 0 ? label : label.slice(0, at) + fresh + label.slice(at + old.length);
    };
    cell.querySelectorAll('[aria-label]').forEach((one) => {
      one.setAttribute('aria-label', renamed(one.getAttribute('aria-label')));
    });
    const label = this.openTarget.querySelector('.w-sr-only');
    label.textContent = renamed(label.textContent);
    document.getElementById(this.titleValue).textContent = fresh;
    this.name = fresh;
  }

  get field() {
    return this.form.elements.name;
  }
}

window.wagtail.app.register('sms-rename', SmsRename);
