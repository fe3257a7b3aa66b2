"""Stream blocks as they are stored."""

import uuid
from typing import Any


def block(block_type: str, **value: Any) -> dict[str, Any]:
    """Return one block of a stream."""
    return {"type": block_type, "value": value, "id": str(uuid.uuid4())}


def items(values: list[Any]) -> list[dict[str, Any]]:
    """Return the items of a list block."""
    return [
        {"type": "item", "value": value, "id": str(uuid.uuid4())} for value in values
    ]
