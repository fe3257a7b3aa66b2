"""Sending e-mail: what goes out, and each outcome."""

import smtplib
import socket
import ssl
import traceback

import pytest
from django.core import mail as django_mail
from django.core.mail import get_connection

from tests.gateways import mail_backends
from tests.gateways.fake_smtp import CUT, HANG, FakeSmtp
from tests.gateways.tls import serve_tls_once
from wagtail_sms_automation.gateways import mail
from wagtail_sms_automation.gateways.base import (
    NotSent,
    Rejected,
    Sent,
    Throttled,
    Unknown,
)


BACKENDS = "django.core.mail.backends"
OURS = mail_backends.__name__

SUBJECT = "SMS forwarded by your website"
BODY = "My allergy is nuts, call 33612345678 ça 😀\n.\nFrom the beach"
RECIPIENT = "zoe@example.fr"


@pytest.fixture
def smtp(settings):
    """The mail server of the site."""
    with FakeSmtp() as smtp:
        settings.EMAIL_BACKEND = f"{BACKENDS}.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", smtp.port
        yield smtp


@pytest.fixture
def impatient(monkeypatch):
    """No more than half a second for each answer."""
    monkeypatch.setattr(mail, "TIMEOUT", 0.5)


def send(subject=SUBJECT, body=BODY, recipient=RECIPIENT):
    return mail.send(subject, body, recipient)


def outcome(kind, **changes):
    """What send() raises, having made sure of its kind and of its discretion."""
    with pytest.raises(kind) as caught:
        send(**changes)
    assert type(caught.value) is kind
    shown = repr(caught.value) + "".join(traceback.format_exception(caught.value))
    for private in ("zoe", "example", "allergy", "nuts", "33612345678"):
        assert private not in shown
    return caught.value


# Sent


def test_sent(smtp):
    assert send() == Sent(gateway_id="", reports=())
    [email] = smtp.mails

    assert email["Subject"] == SUBJECT
    assert email["To"] == RECIPIENT
    assert email["From"] == "site@example.com"
    assert email.get_content_type() == "text/plain"
    assert email.get_content().splitlines() == BODY.splitlines()
    assert smtp.has_heard("QUIT")


def test_each_e_mail_has_a_connection_of_its_own(smtp):
    send()
    send(body="Second")

    assert len(smtp.mails) == 2
    assert smtp.verbs.count("GREETING") == 2


@pytest.mark.parametrize("answer", [CUT, HANG, "421 Busy", "500 What?", "nonsense"])
def test_sent_is_sent_whatever_comes_of_the_goodbye(smtp, impatient, answer):
    smtp.answers["QUIT"] = answer

    assert send() == Sent(gateway_id="")
    assert len(smtp.mails) == 1


def test_goodbye_that_no_one_foresaw(settings):
    settings.EMAIL_BACKEND = f"{OURS}.FailsToClose"

    assert send() == Sent(gateway_id="")


@pytest.mark.parametrize("backend", ["console", "dummy", "locmem", "filebased"])
def test_every_backend_of_django(settings, tmp_path, capsys, backend):
    settings.EMAIL_BACKEND = f"{BACKENDS}.{backend}.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path

    assert send() == Sent(gateway_id="")
    if backend == "locmem":
        [email] = django_mail.outbox
        assert (email.subject, email.body, email.to) == (SUBJECT, BODY, [RECIPIENT])
    if backend == "filebased":
        assert RECIPIENT in next(tmp_path.iterdir()).read_text()


def test_backend_that_says_nothing(settings):
    settings.EMAIL_BACKEND = f"{OURS}.SaysNothing"

    assert send() == Sent(gateway_id="")


def test_backend_that_takes_no_timeout(settings, smtp):
    settings.EMAIL_BACKEND = f"{OURS}.TakesNoTimeout"
    send()

    assert len(smtp.mails) == 1


@pytest.mark.parametrize(
    ("email_timeout", "timeout"), [(None, 15), (0, 15), (5, 5), (60, 15)]
)
def test_timeout(settings, monkeypatch, email_timeout, timeout):
    settings.EMAIL_BACKEND = f"{BACKENDS}.smtp.EmailBackend"
    settings.EMAIL_TIMEOUT = email_timeout
    connection = get_connection()
    monkeypatch.setattr(connection, "open", lambda: None)
    monkeypatch.setattr(connection, "send_messages", len)
    monkeypatch.setattr(mail, "get_connection", lambda: connection)
    send()

    assert connection.timeout == timeout


# Rejected


@pytest.mark.parametrize("subject", ["a\nb", "a\r\nBcc: zoe@example.fr"])
def test_line_break_in_the_subject(smtp, subject):
    outcome(Rejected, subject=subject)

    assert smtp.verbs == []


@pytest.mark.parametrize(
    "recipient",
    [
        "",
        "zoe",
        "zoe@",
        "@example.fr",
        "zoe@example.fr, leo@example.fr",
        "zoe@example.fr\nBcc: leo@example.fr",
        "Zoe <zoe@example.fr>",
        "+33612345678",
    ],
)
def test_address_that_is_none(smtp, recipient):
    error = outcome(Rejected, recipient=recipient)

    assert str(error) == "The address of the recipient is not valid."
    assert smtp.verbs == []


def test_body_that_has_no_utf_8_form(smtp):
    outcome(Rejected, body="nuts \ud83d")

    assert smtp.mails == []


def test_sender_address_that_is_none(settings, smtp):
    settings.DEFAULT_FROM_EMAIL = "nobody@"
    outcome(Rejected)

    assert smtp.mails == []


@pytest.mark.parametrize(
    ("verb", "what"),
    [
        ("RCPT", "recipient"),
        ("MAIL", "sender"),
        ("DATA", "e-mail"),
        ("END", "e-mail"),
    ],
)
def test_refused(smtp, verb, what):
    smtp.answers[verb] = "550 5.1.1 <zoe@example.fr>: nuts"
    error = outcome(Rejected)

    assert str(error) == f"The mail server refuses the {what}: 550 5.1.1."
    assert error.code == "550"
    assert not error.is_retryable
    assert not error.is_opt_out
    assert smtp.mails == []
    assert smtp.has_heard("QUIT")


@pytest.mark.parametrize("answer", ["550", "550 zoe@example.fr", "550 5.1.2.3 nuts"])
def test_refused_without_a_code_of_three(smtp, answer):
    smtp.answers["RCPT"] = answer

    assert str(outcome(Rejected)) == "The mail server refuses the recipient: 550."


# Throttled


@pytest.mark.parametrize(
    ("verb", "what"),
    [
        ("RCPT", "recipient"),
        ("MAIL", "sender"),
        ("DATA", "e-mail"),
        ("END", "e-mail"),
    ],
)
@pytest.mark.parametrize("code", [421, 450, 451, 452])
def test_refused_for_now(smtp, verb, what, code):
    smtp.answers[verb] = f"{code} 4.2.0 <zoe@example.fr>: greylisted, nuts"
    error = outcome(Throttled)

    assert str(error) == f"The mail server refuses the {what} for now: {code} 4.2.0."
    assert error.code == str(code)
    assert error.retry_after is None
    assert smtp.mails == []


def test_the_next_try_after_a_greylist_is_sent(smtp):
    accepted = smtp.answers["RCPT"]
    smtp.answers["RCPT"] = "450 4.2.0 Greylisted"
    outcome(Throttled)
    smtp.answers["RCPT"] = accepted
    send()

    assert len(smtp.mails) == 1


# Not sent


def test_connection_refused(settings, smtp):
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        settings.EMAIL_PORT = reserved.getsockname()[1]
        error = outcome(NotSent)

    assert not error.is_account_fault
    assert str(error) == (
        "The mail server cannot be reached: ConnectionRefusedError: Connection refused."
    )
    assert error.is_retryable


@pytest.mark.parametrize(
    ("verb", "answer"),
    [
        ("GREETING", CUT),
        ("GREETING", HANG),
        ("GREETING", "421 Too busy, zoe@example.fr"),
        ("GREETING", "554 No, zoe@example.fr"),
        ("EHLO", CUT),
        ("EHLO", HANG),
        ("EHLO", "421 Too busy, zoe@example.fr"),
    ],
)
def test_no_handshake(smtp, impatient, verb, answer):
    smtp.answers[verb] = answer
    smtp.answers["HELO"] = answer
    outcome(NotSent)

    assert "MAIL" not in smtp.verbs
    assert smtp.mails == []


def test_an_old_server_without_ehlo(smtp):
    smtp.answers["EHLO"] = "502 What?"
    send()

    assert len(smtp.mails) == 1


@pytest.mark.parametrize(
    ("answer", "is_account_fault"),
    [("535 5.7.8 zoe@example.fr", True), ("454 4.7.0 Later", False)],
)
def test_password_refused(settings, smtp, answer, is_account_fault):
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = RECIPIENT, "password"
    smtp.answers["AUTH"] = answer
    error = outcome(NotSent)

    assert f"SMTPAuthenticationError {answer[:9]}." in str(error)
    assert error.code == answer[:3]
    assert error.is_account_fault == is_account_fault
    assert "MAIL" not in smtp.verbs
    assert smtp.has_heard("QUIT")


@pytest.mark.parametrize("code", [530, 534, 535, 538])
@pytest.mark.parametrize("verb", ["MAIL", "RCPT"])
def test_no_password_given_where_one_is_asked_for(smtp, verb, code):
    smtp.answers[verb] = f"{code} 5.7.0 Who are you, zoe@example.fr?"
    error = outcome(NotSent)

    assert error.is_account_fault
    assert error.code == str(code)
    assert smtp.mails == []


def test_no_starttls(settings, smtp):
    settings.EMAIL_USE_TLS = True

    assert "SMTPNotSupportedError" in str(outcome(NotSent))


def test_the_server_is_not_who_it_says(settings, smtp, tmp_path):
    settings.EMAIL_USE_SSL = True
    settings.EMAIL_PORT = serve_tls_once(tmp_path)

    assert "CERTIFICATE_VERIFY_FAILED" in str(outcome(NotSent))


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(socket.gaierror(-2, "Name or service not known"), id="DNS"),
        pytest.param(OSError(101, "Network is unreachable"), id="unreachable"),
        pytest.param(TimeoutError("timed out"), id="timeout"),
        pytest.param(smtplib.SMTPServerDisconnected("zoe@example.fr"), id="cut"),
        pytest.param(smtplib.SMTPConnectError(421, b"zoe@example.fr"), id="connect"),
        pytest.param(smtplib.SMTPHeloError(500, "zoe@example.fr"), id="HELO"),
        pytest.param(ssl.SSLError(1, "wrong version number"), id="TLS"),
        pytest.param(ValueError("zoe@example.fr"), id="settings"),
    ],
)
def test_not_connected(settings, monkeypatch, fault):
    settings.EMAIL_BACKEND = f"{OURS}.FailingSmtp"
    monkeypatch.setattr(mail_backends.FailingSmtp, "fault", fault)

    assert type(fault).__name__ in str(outcome(NotSent))


@pytest.mark.parametrize(
    "changes",
    [
        {"EMAIL_BACKEND": "nowhere.EmailBackend"},
        {
            "EMAIL_BACKEND": f"{BACKENDS}.smtp.EmailBackend",
            "EMAIL_USE_TLS": True,
            "EMAIL_USE_SSL": True,
        },
    ],
)
def test_settings_at_fault(settings, changes):
    for name, value in changes.items():
        setattr(settings, name, value)

    outcome(NotSent)


@pytest.mark.parametrize(
    "fault",
    [
        smtplib.SMTPConnectError(421, b"zoe@example.fr"),
        smtplib.SMTPHeloError(500, "zoe@example.fr"),
        smtplib.SMTPAuthenticationError(535, b"5.7.8 zoe@example.fr"),
        smtplib.SMTPNotSupportedError("zoe@example.fr"),
        smtplib.SMTPSenderRefused(299, b"nuts", "zoe@example.fr"),
        smtplib.SMTPRecipientsRefused({"zoe@example.fr": (-1, b"nuts")}),
        smtplib.SMTPRecipientsRefused({}),
    ],
    ids=lambda fault: type(fault).__name__,
)
def test_backend_that_fails_before_the_message(settings, monkeypatch, fault):
    settings.EMAIL_BACKEND = f"{OURS}.Failing"
    monkeypatch.setattr(mail_backends.Failing, "fault", fault)

    outcome(NotSent)


# Unknown


@pytest.mark.parametrize(
    ("verb", "answer"),
    [
        pytest.param("END", CUT, id="cut"),
        pytest.param("END", HANG, id="timeout"),
        pytest.param("END", "nonsense", id="nonsense"),
        pytest.param("END", "299 Perhaps", id="neither yes nor no"),
        pytest.param("END", "550 " + "x" * 9000, id="too long to read"),
        pytest.param("DATA", CUT, id="cut at DATA"),
    ],
)
def test_answer_that_is_lost(smtp, impatient, verb, answer):
    smtp.answers[verb] = answer
    error = outcome(Unknown)

    assert not error.is_retryable
    assert smtp.verbs.count("DATA") == 1


@pytest.mark.parametrize(
    "fault",
    [
        TimeoutError("timed out"),
        ConnectionResetError(104, "Connection reset by peer"),
        OSError(28, "No space left on device"),
        smtplib.SMTPServerDisconnected("zoe@example.fr"),
        ValueError("zoe@example.fr: nuts"),
        RuntimeError("zoe@example.fr: nuts"),
    ],
    ids=lambda fault: type(fault).__name__,
)
def test_backend_that_fails(settings, monkeypatch, fault):
    settings.EMAIL_BACKEND = f"{OURS}.Failing"
    monkeypatch.setattr(mail_backends.Failing, "fault", fault)

    assert type(fault).__name__ in str(outcome(Unknown))


def test_backend_that_takes_nothing(settings):
    settings.EMAIL_BACKEND = f"{OURS}.TakesNothing"

    assert "took no e-mail" in str(outcome(Unknown))


@pytest.mark.parametrize(
    ("codes", "kind"),
    [([550, 551], Rejected), ([550, 450], Throttled), ([550, 299], NotSent)],
)
def test_several_answers_about_recipients(settings, monkeypatch, codes, kind):
    refused = {f"{code}@example.fr": (code, b"nuts") for code in codes}
    fault = smtplib.SMTPRecipientsRefused(refused)
    settings.EMAIL_BACKEND = f"{OURS}.Failing"
    monkeypatch.setattr(mail_backends.Failing, "fault", fault)

    outcome(kind)
