"""Columns of our lists."""

from django.contrib.admin.utils import quote
from wagtail.admin.ui.tables import BulkActionsCheckboxColumn, Column, TitleColumn


#: Class of a column that a phone's screen has no room for.
WIDE = "sms-wide"


class PlainCheckboxColumn(BulkActionsCheckboxColumn):
    """Tick rows for a bulk action; the title column's cell names the row."""

    def get_aria_describedby(self, instance):
        """Return the id of the row's title."""
        return title_id(instance)


def title_id(instance):
    """Return the id of the element that holds an object's title in its list."""
    return f"{instance._meta.model_name}_{quote(instance.pk)}_title"


class KeywordsColumn(Column):
    """Keywords as chips; accessor returns (keyword, is_excluded) pairs."""

    cell_template_name = "wagtail_sms_automation/admin/cells/keywords.html"
    #: More would push the row's other cells away.
    SHOWN = 6

    def get_cell_context_data(self, instance, parent_context):
        """Split the keywords into those shown and a count of the others."""
        context = super().get_cell_context_data(instance, parent_context)
        keywords = self.get_value(instance)
        context["keywords"] = keywords[: self.SHOWN]
        context["more_count"] = len(keywords[self.SHOWN :])
        return context


class CountLinkColumn(Column):
    """A number that links to what it counts."""

    cell_template_name = "wagtail_sms_automation/admin/cells/count_link.html"

    def __init__(self, *args, get_url, **kwargs):
        super().__init__(*args, **kwargs)
        self.get_url = get_url

    def get_cell_context_data(self, instance, parent_context):
        """Add the link."""
        context = super().get_cell_context_data(instance, parent_context)
        context["count"] = self.get_value(instance)
        context["url"] = self.get_url(instance)
        return context


class LinkColumn(Column):
    """A text that links to what it names."""

    cell_template_name = "wagtail_sms_automation/admin/cells/link.html"

    def __init__(self, *args, get_url, **kwargs):
        super().__init__(*args, **kwargs)
        self.get_url = get_url

    def get_cell_context_data(self, instance, parent_context):
        """Add the link."""
        context = super().get_cell_context_data(instance, parent_context)
        context["url"] = self.get_url(instance)
        return context


class NamesColumn(Column):
    """Several short names, one after the other; accessor returns the list."""

    cell_template_name = "wagtail_sms_automation/admin/cells/names.html"


class StatusColumn(Column):
    """A status tag; accessor returns (label, modifier) or None for no tag."""

    cell_template_name = "wagtail_sms_automation/admin/cells/status.html"


class StatusesColumn(Column):
    """Several status tags; accessor returns a list of (label, modifier)."""

    cell_template_name = "wagtail_sms_automation/admin/cells/statuses.html"


class RenamableTitleColumn(TitleColumn):
    """A title with a way to rename what it names, where there is one."""

    cell_template_name = "wagtail_sms_automation/admin/cells/renamable_title.html"

    def __init__(self, *args, get_rename_url, **kwargs):
        super().__init__(*args, **kwargs)
        self.get_rename_url = get_rename_url

    def get_cell_context_data(self, instance, parent_context):
        """Add the link."""
        context = super().get_cell_context_data(instance, parent_context)
        context["rename_url"] = self.get_rename_url(instance)
        return context


class UserTextTitleColumn(TitleColumn):
    """A title that a phone sent, in its own direction."""

    cell_template_name = "wagtail_sms_automation/admin/cells/user_text_title.html"


class ReasonColumn(Column):
    """A status tag with what explains it; accessor returns (tag, reason, detail)."""

    cell_template_name = "wagtail_sms_automation/admin/cells/reason.html"


class AddressColumn(Column):
    """A number, an address or a name, in its own direction."""

    cell_template_name = "wagtail_sms_automation/admin/cells/address.html"
