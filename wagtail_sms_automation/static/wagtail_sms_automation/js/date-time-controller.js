/**
 * A native date or time field whose half-typed value is refused by the server.
 * The browser would submit it as empty, and empty has a meaning of its own.
 *
 * @example
 * <input type="datetime-local" data-controller="sms-date-time">
 */
class SmsDateTime extends window.StimulusModule.Controller {
  connect() {
    this.form = this.element.form;
    this.mark = ({ formData }) => {
      const { name, validity } = this.element;
      if (validity.badInput && formData.has(name)) formData.set(name, '?');
    };
    this.form?.addEventListener('formdata', this.mark);
  }

  disconnect() {
    this.form?.removeEventListener('formdata', this.mark);
  }
}

window.wagtail.app.register('sms-date-time', SmsDateTime);
