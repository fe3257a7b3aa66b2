"""System checks."""


def register():
    """Bind every check."""
