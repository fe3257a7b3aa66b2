/**
 * Saves where a step was dropped that Wagtail's w-orderable lets one drag, and says
 * where it stands; what was not saved goes back. Without it the buttons move the steps.
 *
 * w-orderable takes any answer for saved, be it the login page: what it would send is
 * sent here, and read.
 *
 * @example
 * <section data-controller="sms-steps" data-sms-steps-w-orderable-outlet="#steps"
 *   data-sms-steps-url-value="/place/999999/" data-sms-steps-flow-value="7"
 *   data-sms-steps-moved-value="“__LABEL__” has moved."
 *   data-sms-steps-place-value="Number __PLACE__ of __TOTAL__"
 *   data-sms-steps-refused-value="You may not." data-sms-steps-failed-value="Not moved.">
 *   <p role="status" data-sms-steps-target="status"></p>
 *   <table id="steps" data-controller="w-orderable">
 *     <tr data-w-orderable-target="item">
 *       <td><span data-w-orderable-target="handle" data-sms-steps-target="handle" hidden>
 *       </span></td>
 *     </tr>
 *   </table>
 * </section>
 */
class SmsSteps extends window.StimulusModule.Controller {
  static targets = ['handle', 'status'];

  static outlets = ['w-orderable'];

  static values = {
    url: String,
    flow: String,
    moved: String,
    place: String,
    refused: String,
    failed: String,
  };

  wOrderableOutletConnected(orderable) {
    orderable.submit = (dropped) => this.drop(dropped);
    this.rows = this.listed();
    this.handleTargets.forEach((handle) => {
      handle.hidden = false;
    });
  }

  listed() {
    return [...this.wOrderableOutletElement.tBodies[0].rows];
  }

  /** One after the other: a place counts among those that the website knows of. */
  async drop({ id, label, newIndex }) {
    const { sortable } = this.wOrderableOutlet;
    sortable.option('disabled', true);
    const error = await this.save(id, newIndex);
    sortable.option('disabled', false);
    if (error) this.putBack(id, error);
    else this.finish(label, newIndex);
  }

  /** Returns what is wrong, or nothing. */
  async save(id, newIndex) {
    const place = new URLSearchParams({ position: newIndex, flow: this.flowValue });
    try {
      const response = await fetch(`${this.urlValue.replace('999999', id)}?${place}`, {
        method: 'POST',
        headers: this.headers(),
        redirect: 'manual',
      });
      if (response.type === 'opaqueredirect' || response.status === 403) {
        return this.refusedValue;
      }
      const { success, error } = await response.json();
      return success === true ? '' : error || this.failedValue;
    } catch {
      return this.failedValue;
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

  finish(label, newIndex) {
    this.rows = this.listed();
    const moved = this.movedValue.replace('__LABEL__', () => label);
    const where = this.placeValue
      .replace('__PLACE__', newIndex + 1)
      .replace('__TOTAL__', this.rows.length);
    this.statusTarget.textContent = `${moved} ${where}`;
    this.tell(moved, 'success');
  }

  putBack(id, error) {
    const old = this.rows.findIndex((row) => row.dataset.wOrderableItemId === id);
    const row = this.rows[old];
    row.parentElement.insertBefore(row, this.rows[old + 1] ?? null);
    this.tell(error, 'error');
  }

  tell(text, type) {
    this.dispatch('w-messages:add', {
      prefix: '',
      target: document,
      detail: { clear: true, text, type },
    });
  }
}

window.wagtail.app.register('sms-steps', SmsSteps);
