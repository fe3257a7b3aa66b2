"""What an editor does with one block: fill its form in, save it, read it again."""

from django.http import QueryDict
from wagtail.blocks.struct_block import StructBlockValidationError


def fill_in(block, fields):
    """Return the value of a block from what was typed, by field name."""
    data = QueryDict(mutable=True)
    for name, typed in fields.items():
        if isinstance(typed, list | tuple):
            data.setlist(f"block-{name}", typed)
        else:
            data[f"block-{name}"] = typed
    return block.value_from_datadict(data, {}, "block")


def save(block, **fields):
    """Fill a block in, check it, and return it as it is stored."""
    return block.get_prep_value(block.clean(fill_in(block, fields)))


def errors(block, **fields):
    """Return what the editor is told, by field name."""
    try:
        block.clean(fill_in(block, fields))
    except StructBlockValidationError as error:
        return {
            name: _messages(at_field) for name, at_field in error.block_errors.items()
        }
    return {}


def _messages(error):
    nested = getattr(error, "block_errors", None)
    if nested:
        nested = nested.values() if isinstance(nested, dict) else nested
        return [message for one in nested if one for message in _messages(one)]
    return error.messages


def listed(name, *pks):
    """Return the form fields of a ListBlock of choosers."""
    fields = {f"{name}-count": str(len(pks))}
    for n, pk in enumerate(pks):
        fields |= {
            f"{name}-{n}-value": str(pk),
            f"{name}-{n}-order": str(n),
            f"{name}-{n}-deleted": "",
            f"{name}-{n}-id": "",
        }
    return fields
