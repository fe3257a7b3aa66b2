"""Flows as files: read, written, imported and tried out (docs/flow-file.md).

What a block may hold is checked by the StreamField's own blocks, which the model's
field hands out: a file and the editor's form are refused for the same reasons.
"""
