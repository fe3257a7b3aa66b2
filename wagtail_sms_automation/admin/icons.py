"""Our icons: every drawing in one folder."""

from pathlib import Path


FOLDER = Path(__file__).parent.parent / "templates/wagtail_sms_automation/icons"


def icon_templates():
    """Return the template path of each drawing."""
    names = sorted(path.name for path in FOLDER.glob("*.svg"))
    return [f"wagtail_sms_automation/icons/{name}" for name in names]
