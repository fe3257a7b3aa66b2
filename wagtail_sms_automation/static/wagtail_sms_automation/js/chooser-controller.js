/**
 * Starts Wagtail's chooser on a hidden input; its own start is an inline script,
 * which a strict Content-Security-Policy refuses.
 *
 * @example
 * <input type="hidden" id="id_flow"
 *   data-controller="sms-chooser"
 *   data-sms-chooser-options-value='{"modalUrl": "/admin/sms_flow_chooser/"}'
 * />
 */
class SmsChooser extends window.StimulusModule.Controller {
  static values = { options: Object };

  connect() {
    this.chooser ??= new window.Chooser(this.element.id, this.optionsValue);
  }
}

window.wagtail.app.register('sms-chooser', SmsChooser);
