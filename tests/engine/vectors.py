"""The cases in tests/data that more than one test reads."""

import json
from pathlib import Path


DATA = Path(__file__).parent.parent / "data"


def load(name):
    """Read the vectors of one file."""
    return json.loads((DATA / name).read_text(encoding="utf-8"))["vectors"]
