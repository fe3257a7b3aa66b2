"""The editor's form, read but not saved: a draft, or what is wrong in words."""

import logging

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from wagtail.blocks.base import get_error_json_data

from ..models import Automation
from .modeladmin import AutomationAdmin


logger = logging.getLogger(__name__)


def read(data, files, user, automation: Automation | None = None):
    """Return (unsaved automation, []), or (None, errors) where the form is wrong.

    data are the fields that the editor posts; the row itself is not touched.
    """
    form_class = AutomationAdmin().bound_edit_handler.get_form_class()
    instance = automation or Automation()
    try:
        form = form_class(data, files, instance=instance, for_user=user)
        if form.is_valid():
            return form.instance, []
        return None, list(_errors(form))
    except (LookupError, TypeError, ValueError):
        # Streams are posted with counts and orders, which a cut-off form lacks.
        logger.warning("An automation's form could not be read.", exc_info=True)
        return None, [
            _("The form came incomplete. Copy what you typed, and reload the page.")
        ]


def _errors(form):
    for name, errors in form.errors.as_data().items():
        field = form.fields.get(name)
        label = str(field.label) if field else ""
        for error in errors:
            block = getattr(field, "block", None)
            for path, text in _texts(error, block, form, name):
                yield _sentence([label, *path], text)


def _sentence(labels, text):
    """Name the place before the error: Actions, 1. SMS reply, Text: Write the text."""
    place = ", ".join(label[:1].upper() + label[1:] for label in labels if label)
    if not place:
        return text
    return _("%(place)s: %(error)s") % {"place": place, "error": text}


def _texts(error: ValidationError, block, form, name):
    """Yield (labels of the blocks that lead there, error) of each error of a field."""
    if block is None:
        for text in error.messages:
            yield [], text
        return
    children = form[name].value()
    kinds = [child.block for child in children]
    yield from _in_block(get_error_json_data(error), lambda index: kinds[int(index)])


def _in_block(found, child_of):
    for text in found.get("messages", ()):
        yield [], str(text)
    for key, inner in found.get("blockErrors", {}).items():
        block = child_of(key)
        label = str(block.label or "")
        numbered = f"{int(key) + 1}. {label}" if isinstance(key, int) else label
        for path, text in _in_block(inner, _children_of(block)):
            yield [numbered, *path], text


def _children_of(block):
    """Return what finds a block's child by its key in the errors."""
    if hasattr(block, "child_blocks"):
        return block.child_blocks.__getitem__
    return lambda key: block.child_block
