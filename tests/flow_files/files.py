"""Flow files for tests, as small as they can be."""

import json


def document(**changes):
    """Return the document of a small flow; a change of None leaves a member out."""
    whole = {
        "format": "wagtail-sms-automation/flow",
        "version": 1,
        "name": "SMS orders",
        "automations": [automation()],
        "conversation": [{"text": "ORDER", "answers": ["...MENU..."]}],
    } | changes
    return {name: value for name, value in whole.items() if value is not None}


def automation(*keywords, **changes):
    """Return one automation that answers keywords."""
    condition = {"type": "content", "keywords": list(keywords or ["ORDER"])}
    return {
        "key": "stage-1",
        "name": "Stage 1",
        "conditions": [condition],
        "actions": [{"type": "reply", "body": "Reply MENU."}],
    } | changes


def as_bytes(whole, **options):
    """Return a document as a file holds it."""
    return json.dumps(whole, ensure_ascii=False, indent=2, **options).encode()
