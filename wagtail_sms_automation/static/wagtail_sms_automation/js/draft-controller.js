/**
 * Posts what stands in the editor along with another form: unsaved, and still there.
 *
 * The form is none of the editor's, so that sending it neither saves nor counts as a
 * change. The browser asks for more fields whenever it reads a form.
 *
 * @example
 * <form
 *   data-controller="sms-draft"
 *   data-action="formdata->sms-draft#add"
 *   data-sms-draft-editor-value="#w-editor-form"
 * ></form>
 */
class SmsDraft extends window.StimulusModule.Controller {
  static values = { editor: String };

  add({ formData }) {
    const editor = document.querySelector(this.editorValue);
    for (const [name, value] of new FormData(editor)) {
      if (name !== 'csrfmiddlewaretoken') formData.append(name, value);
    }
  }
}

window.wagtail.app.register('sms-draft', SmsDraft);
