"""A StreamField that names its blocks instead of importing them."""

from django.utils.functional import cached_property
from django.utils.module_loading import import_string
from wagtail.fields import StreamField


class NamedStreamField(StreamField):
    """A StreamField whose top-level StreamBlock class is given by its dotted path.

    Models stay below the admin, where blocks live, and a migration holds the path
    only: a reworded label or help text of a block makes no migration.
    """

    def __init__(self, block_path="", **kwargs):
        self.block_path = block_path
        super().__init__([], **kwargs)

    @cached_property
    def stream_block(self):
        """The top-level block, made when it is first asked for."""
        block = import_string(self.block_path)()
        block.set_meta_options(self.block_opts)
        return block

    def to_python(self, value):
        """Return the stream, with the types of which it has no block as unknown_types.

        Wagtail leaves such children out: without a condition that only a newer
        version knows, an automation would answer every message.
        """
        stream = super().to_python(value)
        if isinstance(value, list):
            types = {child["type"] for child in value if isinstance(child, dict)}
            stream.unknown_types = types - self.stream_block.child_blocks.keys()
        return stream

    def deconstruct(self):
        """Leave the block definitions out."""
        name, _path, _args, kwargs = super(StreamField, self).deconstruct()
        path = "wagtail_sms_automation.fields.NamedStreamField"
        return name, path, [self.block_path], kwargs
