"""Keywords in the browser: case variants as the engine gives them, and lists."""

import unicodedata

from wagtail_sms_automation.engine.text import case_variants

from .js import call_each


SCRIPT = "words-controller.js"


def split(*texts):
    return call_each(SCRIPT, "split", list(texts))


def test_case_variants_of_words_and_phrases():
    words = [
        "ORDER",
        "Order",
        "oRdEr",
        "order pizza",
        "  ORDER   pizza ",
        "été",
        "e\u0301te\u0301",
        "ßtraße",
        "ǆ",
        "ΣΑΣ",
        "2x1",
        "طلب",
        "1",
        "ﬁn",
        "İstanbul",
    ]
    theirs = call_each(SCRIPT, "caseVariants", words)
    assert [tuple(one) for one in theirs] == [case_variants(word) for word in words]
    assert theirs[0] == ["ORDER", "Order", "order"]


def is_known(text):
    """False for letters that are younger than this Python."""
    return all(unicodedata.category(char) != "Cn" for char in text)


def test_case_variants_of_every_letter():
    words = [
        chr(code) + "a"
        for code in range(0x21, 0x10000)
        if unicodedata.category(chr(code)).startswith("L")
        # The iota subscript of ancient Greek begins titles in a way of its own.
        and "\u0345" not in unicodedata.normalize("NFD", chr(code))
        and chr(code) != "ŉ"
    ]
    assert len(words) > 40_000
    theirs = call_each(SCRIPT, "caseVariants", words)
    wrong = [
        (word, case_variants(word), one)
        for word, one in zip(words, theirs, strict=True)
        if tuple(one) != case_variants(word) and is_known("".join(one))
    ]
    assert wrong == []


def test_lists_are_split_at_commas_semicolons_and_line_ends():
    assert split("ORDER, Order;order\nfood\r\ntest\tx،y") == [
        {
            "words": ["ORDER", "Order", "order", "food", "", "test", "x", "y"],
            "isQuoted": False,
        }
    ]


def test_a_phrase_keeps_its_spaces_once():
    assert split("  order   pizza ")[0]["words"] == ["order pizza"]


def test_quotes_keep_a_comma():
    assert split('"yes, please", no')[0]["words"] == ["yes, please", "no"]
    assert split('"yes, pl')[0] == {"words": ["yes, pl"], "isQuoted": True}
    assert split('5" pizza')[0]["words"] == ['5" pizza']
