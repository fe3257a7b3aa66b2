"""The compiled translations are committed: an integrator has no gettext."""

import gettext
import shutil
import subprocess

import pytest


def catalogues(root):
    """The translations, as their translators write them."""
    return sorted((root / "wagtail_sms_automation" / "locale").rglob("*.po"))


def messages(path):
    """What a compiled catalogue holds."""
    with open(path, "rb") as file:
        return gettext.GNUTranslations(file)._catalog


@pytest.mark.skipif(not shutil.which("msgfmt"), reason="NO MSGFMT: install gettext.")
def test_each_is_compiled_as_it_stands(root, tmp_path):
    for path in catalogues(root):
        fresh = tmp_path / "fresh.mo"
        subprocess.run(["msgfmt", "--check", "-o", fresh, path], check=True)

        assert path.with_suffix(".mo").exists(), f"{path}: make catalogues"
        assert messages(path.with_suffix(".mo")) == messages(fresh), path
