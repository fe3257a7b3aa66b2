"""The French translation: nothing is missing, and nothing of the host is changed."""

import gettext
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import django
import pytest
from django.apps import apps
from django.utils import translation

import wagtail_sms_automation
from wagtail_sms_automation.engine import rendering

from .factories import AutomationFactory, block


PACKAGE = Path(wagtail_sms_automation.__file__).parent
CATALOGUE = PACKAGE / "locale/fr/LC_MESSAGES/django.mo"
EXTRACT = "makemessages --locale fr --no-location --no-wrap --ignore migrations/*"
TOOLS = ("xgettext", "msguniq", "msgmerge", "msgen", "msgfmt")
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]")


def read(path):
    """Return what a compiled catalogue holds, without its header."""
    with open(path, "rb") as file:
        catalogue = gettext.GNUTranslations(file)._catalog
    return {key: text for key, text in catalogue.items() if key}


def english(key):
    """Return the English text of a catalogue's key."""
    text = key[0] if isinstance(key, tuple) else key
    return text.rpartition("\x04")[2]


FRENCH = read(CATALOGUE)


@pytest.fixture
def run(tmp_path):
    """Return a function that runs a command in a copy of the package."""
    if missing := [tool for tool in TOOLS if not shutil.which(tool)]:
        reason = f"NO CATALOGUE TESTS: install gettext ({', '.join(missing)})."
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    copy = tmp_path / "package"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("locale"))
    (copy / "locale").mkdir()

    # Settings are not wanted to extract, and are not found from there.
    env = {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"}

    def run(*command):
        subprocess.run(command, cwd=copy, check=True, capture_output=True, env=env)
        return copy

    return run


def test_every_text_is_translated_and_no_translation_is_left_over(run):
    copy = run(sys.executable, "-m", "django", *EXTRACT.split())
    source = copy / CATALOGUE.relative_to(PACKAGE).with_suffix(".po")
    # English for every text. What is empty or fuzzy, msgfmt leaves out of ours.
    run("msgen", "-o", source, source)
    run("msgfmt", "-o", "wanted.mo", source)
    wanted = read(copy / "wanted.mo")

    assert len(wanted) > 400
    assert sorted(map(str, wanted.keys() - FRENCH)) == [], "make messages, translate"
    assert sorted(map(str, FRENCH.keys() - wanted)) == [], "make messages"


def test_the_catalogue_is_compiled_and_tidy(run):
    source = CATALOGUE.with_suffix(".po")
    copy = run("msgfmt", "--check", "-o", "fresh.mo", source)

    assert read(copy / "fresh.mo") == FRENCH, "make catalogues"
    assert not re.search(r"^#, fuzzy|^#~", source.read_text("utf-8"), re.M)


def is_well_set(source, text):
    """True with French quotes, apostrophes and spaces, and the placeholders kept."""
    return (
        not re.search(r" [:;!?»]|«[^\xa0]|[^\xa0]»", text)
        and not re.search(r"[a-zé]'[a-zéêâ]|[“”]|\.\.\.", text)
        and text.endswith(".") == source.endswith(".")
        and sorted(PLACEHOLDER.findall(text)) == sorted(PLACEHOLDER.findall(source))
        and rendering.check(text) == rendering.check(source)
    )


def test_typography_and_placeholders():
    texts = [(english(key), text) for key, text in FRENCH.items()]
    assert [pair for pair in texts if not is_well_set(*pair)] == []
    assert not is_well_set("Name: %(name)s.", "Nom : %(name)s.")
    assert not is_well_set("Name: %(name)s.", "Nom\xa0: %(nom)s.")


def catalogues_of_others():
    """Return the French of Django and of the other apps on the test site."""
    roots = [Path(django.__file__).parent / "conf"]
    roots += [Path(app.path) for app in apps.get_app_configs()]
    paths = [root / CATALOGUE.relative_to(PACKAGE) for root in roots if root != PACKAGE]
    return [read(path) for path in paths if path.exists()]


def test_no_word_of_the_host_site_is_changed():
    """Django merges all catalogues: what others translate, too, must sound alike."""
    others = catalogues_of_others()
    assert len(others) > 10
    for key, text in FRENCH.items():
        theirs = {catalogue[key] for catalogue in others if key in catalogue}
        assert not theirs or text in theirs, f"{key!r} is {theirs}: use a context"


def test_staff_get_french_mail(text_us, run_tasks, mailoutbox):
    action = block(
        "forward_to_email", addresses=["c@example.com"], body="{{ keyword }}"
    )
    AutomationFactory(active=True, keywords=("MENU",), actions=[action])
    text_us("MENU")
    with translation.override("fr"):
        run_tasks()
    assert [mail.subject for mail in mailoutbox] == ["SMS transféré par votre site web"]
