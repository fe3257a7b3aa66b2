"""What a page shows, without its markup: for tests about words."""

import json

from bs4 import BeautifulSoup


#: What is read out, or shown on hover.
ATTRIBUTES = ("aria-label", "alt", "placeholder", "title")


def shown_texts(response):
    """Return each text of a page's main part, or of the HTML in a JSON document."""
    if response["Content-Type"].startswith("application/json"):
        texts = _strings_in(response.json())
        return [shown for text in texts if "<" in text for shown in _shown_in(text)]
    return _shown_in(response.content.decode())


def _strings_in(value):
    """Return every text in a JSON document."""
    if isinstance(value, str):
        return [value]
    values = value.values() if isinstance(value, dict) else value
    if not isinstance(value, dict | list):
        return []
    return [text for one in values for text in _strings_in(one)]


def _strings_for_scripts(value):
    """Return the texts in a JSON attribute; other attributes have none."""
    try:
        return _strings_in(json.loads(value)) if value[:1] in "{[" else []
    except ValueError:
        return []


def _shown_in(html):
    """Return what people read in a page's main part, now or once scripts ran."""
    soup = BeautifulSoup(html, "html.parser")
    main = soup.main or soup
    for code in main.find_all(["script", "style", "svg"]):
        code.decompose()
    shown = [" ".join(text.split()) for text in main.stripped_strings]
    for tag in main.find_all(True):
        for name, value in tag.attrs.items():
            if name in ATTRIBUTES:
                shown.append(value)
            elif isinstance(value, str) and name.startswith("data-"):
                shown += _given_to_scripts(value)
    return shown


def _given_to_scripts(value):
    """Return the texts in a JSON attribute, without the names of fields."""
    shown = []
    for text in _strings_for_scripts(value):
        if "<" in text:
            shown += _shown_in(text)
        elif " " in text or text[:1].isupper():
            shown.append(text)
    return shown
