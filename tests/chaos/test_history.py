"""The checker bites: each kind of fault, fed to it by hand, is found."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from .customers import Text
from .faults import Fault
from .history import (
    History,
    InboundRow,
    OutboundRow,
    faults_of,
    left_over,
    unsettled_of,
)
from .provider import Submission
from .rules import PHONES, expected_sends


ANA, BEN = "+33612000001", "+33612000002"


def text(originator, number, keyword="ORDER"):
    body = f"{keyword} {originator[-1]}-{number}."
    return Text(originator, number, body, is_acknowledged=True)


def reference(send):
    return "".join(send).replace("-", "")


def submission(send, fault=Fault.NONE):
    recipient, body = send
    return Submission(
        reference=reference(send),
        recipient=recipient,
        originator="33937000037",
        body=body,
        report_url="",
        fault=fault,
        accepted_at=datetime.now(UTC),
        document={"id": "1"},
    )


def row(send, state="delivered", **fields):
    recipient, body = send
    return OutboundRow(reference(send), recipient, body, state, **fields)


def perfect(*texts):
    """The history in which all went well."""
    sends = [send for one in texts for send in expected_sends(one.originator, one.body)]
    return History(
        texts=list(texts),
        accepted=[submission(send) for send in sends],
        inbound=[
            InboundRow(one.gateway_id, one.originator, one.body, "processed")
            for one in texts
        ],
        outbound=[row(send) for send in sends],
        members=[one.originator for one in texts if one.body.startswith("CLUB")],
    )


@pytest.fixture
def history():
    return perfect(
        text(ANA, 0),
        text(BEN, 0, "ECHO"),
        text(ANA, 1, "TABLE1"),
        text(BEN, 1, "CLUB"),
        text(ANA, 2, "HELLO"),
    )


def the_fault(history):
    [fault] = faults_of(history)
    return fault


def test_nothing_is_found_where_all_went_well(history):
    assert faults_of(history) == []
    assert unsettled_of(history) == []
    assert left_over(history) == []


def test_an_acknowledged_text_that_is_not_stored_is_lost(history):
    gone = history.inbound.pop()

    assert the_fault(history).startswith(f"lost text: {gone.body}")


def test_a_text_that_nobody_acknowledged_may_be_missing(history):
    history.inbound.pop()
    history.texts[-1].is_acknowledged = False

    assert faults_of(history) == []


@pytest.mark.parametrize("state", ["pending", "parked"])
def test_a_text_that_is_stored_and_not_processed_is_lost(history, state):
    history.inbound[0] = replace(history.inbound[0], state=state)

    assert the_fault(history) == f"lost text: {history.texts[0].body} is {state}"


def test_a_text_stored_twice_is_doubled(history):
    history.inbound.append(replace(history.inbound[0], gateway_id="another"))

    assert the_fault(history).startswith("doubled text")


def test_a_send_without_a_row_is_lost(history):
    history.outbound.pop()
    history.accepted.pop()

    assert the_fault(history).startswith("lost send: no row")


@pytest.mark.parametrize("state", ["queued", "sending", "sent", "delivered"])
def test_a_send_the_provider_never_had_is_lost_whatever_its_row_says(history, state):
    history.accepted.pop()
    history.outbound[-1] = replace(history.outbound[-1], state=state)

    assert the_fault(history).endswith(f"is {state}, and was never accepted")


@pytest.mark.parametrize("state", ["unknown", "failed", "expired"])
def test_a_send_the_provider_never_had_may_be_flagged_with_a_reason(history, state):
    history.accepted.pop()
    history.outbound[-1] = replace(history.outbound[-1], state=state, error="Why.")

    assert faults_of(history) == []


@pytest.mark.parametrize("state", ["unknown", "failed", "expired", "held"])
def test_a_flag_without_a_reason_is_none(history, state):
    history.accepted.pop()
    history.outbound[-1] = replace(history.outbound[-1], state=state)

    assert the_fault(history).startswith("not flagged")


def test_a_send_the_provider_has_twice_is_doubled(history):
    history.accepted.append(history.accepted[-1])

    assert the_fault(history).startswith("doubled send: the provider has 2")


def test_a_send_with_two_rows_is_doubled(history):
    history.outbound.append(replace(history.outbound[0], reference="another"))

    assert the_fault(history).startswith("doubled send: 2 rows")


def test_a_send_that_was_accepted_and_is_queued_would_be_doubled(history):
    history.outbound[0] = replace(history.outbound[0], state="queued")

    assert "would be sent again" in the_fault(history)


def test_a_send_that_no_text_asked_for_is_found(history):
    stray = (ANA, "Taken: ORDER 9-9.")
    history.accepted.append(submission(stray))

    assert the_fault(history).startswith("without a cause: a submission")


def test_an_answer_to_a_text_that_asked_for_none_is_found(history):
    history.outbound.append(row((ANA, f"Taken: {history.texts[-1].body}")))

    assert the_fault(history).startswith("without a cause: a row")


def test_two_texts_of_one_contact_answered_the_wrong_way_round_are_found(history):
    first, second = [
        place for place, sent in enumerate(history.accepted) if sent.recipient == ANA
    ]
    accepted = history.accepted
    accepted[first], accepted[second] = accepted[second], accepted[first]

    assert the_fault(history).startswith("out of order")


def test_two_answers_to_one_text_the_wrong_way_round_are_found(history):
    first, second = [
        place for place, sent in enumerate(history.accepted) if "gain" in sent.body
    ]
    accepted = history.accepted
    accepted[first], accepted[second] = accepted[second], accepted[first]

    assert the_fault(history).startswith("out of order")


def test_contacts_may_overtake_each_other():
    history = perfect(text(ANA, 0, "TABLE1"), text(BEN, 0, "TABLE1"))
    history.accepted.reverse()
    anas, bens = (
        [sent for sent in history.accepted if f"{number}-0." in sent.body]
        for number in (1, 2)
    )
    for sends in (anas, bens):
        sends.sort(key=lambda sent: sent.recipient not in PHONES.values())
    history.accepted = bens + anas

    assert faults_of(history) == []


@pytest.mark.parametrize("times", [0, 2])
def test_a_contact_that_did_not_join_once_is_found(history, times):
    history.members = [BEN] * times

    assert the_fault(history).endswith(f"joined {times} times")


def test_doubt_that_no_report_settles_is_found(history):
    history.outbound[0] = replace(history.outbound[0], state="unknown", error="Reset.")

    assert unsettled_of(history) == ["unsettled: 1 of 1 sends in doubt"]


def test_one_doubt_in_a_hundred_may_stay():
    history = perfect(*(text(ANA, number) for number in range(100)))
    for sent in history.accepted:
        sent.fault = Fault.RESET_AFTER
    history.outbound[0] = replace(history.outbound[0], state="unknown", error="Reset.")
    assert unsettled_of(history) == []

    history.outbound[1] = replace(history.outbound[1], state="unknown", error="Reset.")
    assert unsettled_of(history) == ["unsettled: 2 of 100 sends in doubt"]


def test_what_still_waits_is_counted(history):
    history.inbound[0] = replace(history.inbound[0], state="pending")
    history.outbound[0] = replace(history.outbound[0], state="queued")
    history.outbound[1] = replace(history.outbound[1], state="sending")
    history.wake_ups = 2

    assert left_over(history) == [
        "left over: 1 pending inbound messages",
        "left over: 1 queued outbound messages",
        "left over: 1 outbound messages being sent",
        "left over: 2 wake-ups",
    ]


def test_doubt_about_what_the_provider_never_took_is_found(history):
    taken = history.accepted.pop()
    history.outbound = [
        replace(row, state="unknown", error="Reset.")
        if row.send == (taken.recipient, taken.body)
        else row
        for row in history.outbound
    ]

    assert unsettled_of(history) == ["unsettled: 1 of 1 sends in doubt"]


def test_what_was_taken_must_not_be_said_to_be_unknown(history):
    history.outbound[0] = replace(
        history.outbound[0],
        state="failed",
        error="The provider does not know this message.",
    )

    assert "is said not to be known" in the_fault(history)
