"""The findings of the flow check in words."""

from datetime import UTC, datetime

import pytest

from wagtail_sms_automation.engine.flow_check.findings import (
    LEVELS,
    AddKeywords,
    Code,
    Finding,
    Level,
    MarkIntended,
    Reason,
    ReplaceKeyword,
    SwitchToExact,
    Witness,
)
from wagtail_sms_automation.finding_texts import explain, repair_label


def finding(code, reason):
    return Finding(
        code=code,
        level=Level.INFO,
        reason=reason,
        automations=(1, 2),
        keywords=("ORDER", "100%"),
        count=14,
        witness=Witness(bodies=("Order",), at=datetime.now(UTC), recipient=""),
    )


@pytest.mark.parametrize(("code", "reason"), LEVELS)
def test_every_finding_has_words(code, reason):
    text = explain(finding(code, reason), {1: "Stage 1", 2: "Stage 2"})
    assert text.endswith(".")
    assert "%(" not in text


def test_a_finding_names_its_automations_and_keywords():
    names = {1: "Stage 1", 2: "Stage 2"}
    assert explain(finding(Code.SAME_KEYWORD, Reason.NONE), names) == (
        "“Stage 1” and “Stage 2” both answer ORDER, 100%: the customer gets both texts."
    )
    assert explain(finding(Code.USE, Reason.UNMATCHED), names) == (
        "“ORDER” came 14 times, and no automation answers it."
    )


@pytest.mark.parametrize(
    ("repair", "label"),
    [
        (
            AddKeywords(automation=1, beside="ORDER", keywords=("Order", "order")),
            "Add Order, order",
        ),
        (
            SwitchToExact(automation=1, keyword="1"),
            "Answer only messages that are exactly the keyword",
        ),
        (ReplaceKeyword(automation=1, old="x", new="y"), "Write it as y"),
        (ReplaceKeyword(automation=1, old="x"), "Take the keyword out"),
        (MarkIntended(), "It is meant so"),
    ],
)
def test_every_repair_has_a_label(repair, label):
    assert repair_label(repair) == label


def test_a_label_may_say_which_automation_is_changed():
    repair = SwitchToExact(automation=1, keyword="PIZZA")
    assert repair_label(repair, "100% “Short”") == (
        "“100% “Short””: answer only messages that are exactly the keyword"
    )
