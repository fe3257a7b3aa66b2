"""A field of the editor with what the flow check finds about it right after."""

from wagtail.admin.panels import FieldPanel


class CheckedFieldPanel(FieldPanel):
    """Shows form.findings, where the view has put any."""

    class BoundPanel(FieldPanel.BoundPanel):
        """The field, then its findings."""

        template_name = "wagtail_sms_automation/admin/automations/checked_field.html"

        def get_context_data(self, parent_context=None):
            """Add the findings about this field."""
            context = super().get_context_data(parent_context)
            findings = getattr(self.form, "findings", None)
            if findings:
                context["findings"] = findings.by_field.get(self.field_name, [])
            context["field_name"] = self.field_name
            return context
