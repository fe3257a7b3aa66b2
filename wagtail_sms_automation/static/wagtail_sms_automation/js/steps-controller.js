/**
 * Shows the handles of steps that Wagtail's w-orderable lets one drag, and says
 * where a dropped step stands. Without it the buttons move the steps.
 *
 * @example
 * <section data-controller="sms-steps" data-sms-steps-place-value="Number __PLACE__ of __TOTAL__"
 *   data-action="w-messages:add@document->sms-steps#tell">
 *   <p role="status" data-sms-steps-target="status"></p>
 *   <table data-controller="w-orderable">
 *     <tr data-w-orderable-target="item">
 *       <td><span data-w-orderable-target="handle"
 *         data-action="pointerdown->sms-steps#take" hidden></span></td>
 *     </tr>
 *   </table>
 * </section>
 */
class SmsSteps extends window.StimulusModule.Controller {
  static targets = ['status'];

  static values = { place: String };

  connect() {
    const handles = this.element.querySelectorAll('[data-w-orderable-target="handle"]');
    handles.forEach((handle) => {
      handle.hidden = false;
    });
  }

  take({ currentTarget }) {
    this.taken = currentTarget.closest('tr');
  }

  /** Wagtail reports that the step is saved. */
  tell({ detail }) {
    if (!this.taken || detail.type !== 'success') return;
    const steps = [...this.taken.parentElement.children];
    const where = this.placeValue
      .replace('__PLACE__', steps.indexOf(this.taken) + 1)
      .replace('__TOTAL__', steps.length);
    this.statusTarget.textContent = `${detail.text} ${where}`;
    this.taken = null;
  }
}

window.wagtail.app.register('sms-steps', SmsSteps);
