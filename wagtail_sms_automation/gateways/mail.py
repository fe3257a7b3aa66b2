"""E-mail as one more way out: Django's mail, with the outcomes of a gateway.

No error repeats what a mail server says: its words often hold the address.
"""

import contextlib
import re
import smtplib
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.smtp import EmailBackend as SmtpBackend
from django.core.validators import validate_email

from wagtail_sms_automation.gateways.base import (
    GatewayError,
    NotSent,
    Rejected,
    Sent,
    Throttled,
    Unknown,
)


#: Seconds to connect, and to wait for each answer; EMAIL_TIMEOUT may make it less.
TIMEOUT = 15

#: Faults of the handshake, which comes before the message.
BEFORE_SENDING = (
    smtplib.SMTPConnectError,
    smtplib.SMTPHeloError,
    smtplib.SMTPAuthenticationError,
    smtplib.SMTPNotSupportedError,
)

#: Who we are is refused, or must be said first, whatever the e-mail (RFC 4954).
ACCOUNT_CODES = (530, 534, 535, 538)

#: What smtplib itself says where the answer is too long to read.
UNREADABLE = "Line too long."

#: "5.1.1" at the beginning of an answer (RFC 3463), and no IP address.
ENHANCED_CODE = re.compile(rb"[245]\.[0-9]{1,3}\.[0-9]{1,3}(?=\s|$)")


def send(subject: str, body: str, recipient: str) -> Sent:
    """Send one plain text e-mail from DEFAULT_FROM_EMAIL."""
    email = _compose(subject, body, recipient)
    connection = _connect()
    try:
        taken = connection.send_messages([email])
    # Each backend fails in its own way.
    except Exception as error:  # noqa: BLE001
        raise _outcome(error, connection) from None
    finally:
        _close(connection)
    if taken == 0:
        raise Unknown("The mail backend took no e-mail, and does not say why.")
    return Sent(gateway_id="")


def _compose(subject: str, body: str, recipient: str) -> EmailMessage:
    """The e-mail, having made sure that it can be written."""
    try:
        validate_email(recipient)
    except ValidationError:
        raise Rejected("The address of the recipient is not valid.") from None
    email = EmailMessage(subject, body, None, [recipient])
    try:
        email.message()
    # A line break in a header, a character that has no UTF-8 form; and the header
    # parser of Python 3.12 raises IndexError at some addresses.
    except Exception as error:  # noqa: BLE001
        text = f"The e-mail cannot be written: {type(error).__name__}."
        raise Rejected(text) from None
    return email


def _connect() -> Any:
    """An open connection: whatever goes wrong here, nothing has been sent."""
    connection: Any = None
    try:
        connection = get_connection()
        if isinstance(connection, SmtpBackend):
            connection.timeout = min(connection.timeout or TIMEOUT, TIMEOUT)
        connection.open()
        session = getattr(connection, "connection", None)
        if isinstance(session, smtplib.SMTP):
            session.ehlo_or_helo_if_needed()
    except Exception as error:  # noqa: BLE001
        if connection is not None:
            _close(connection)
        text = f"The mail server cannot be reached: {_describe(error)}."
        raise _not_sent(text, error) from None
    return connection


def _close(connection: Any) -> None:
    # What became of the e-mail is settled by now.
    with contextlib.suppress(Exception):
        connection.close()


def _outcome(error: Exception, connection: Any) -> GatewayError:
    if isinstance(error, BEFORE_SENDING):
        text = f"The mail server cannot be used: {_describe(error)}."
        return _not_sent(text, error)
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        refused = list(error.recipients.values())
        return _outcome_of_answers("recipient", refused, NotSent)
    if isinstance(error, smtplib.SMTPResponseException):
        answers: list[tuple[int, bytes | str]] = []
        if error.smtp_error != UNREADABLE:
            answers = [(error.smtp_code, error.smtp_error)]
        if isinstance(error, smtplib.SMTPSenderRefused):
            return _outcome_of_answers("sender", answers, NotSent)
        return _outcome_of_answers("e-mail", answers, Unknown)
    # Django's own backend raises it for an address, before it says anything.
    if isinstance(error, ValueError) and isinstance(connection, SmtpBackend):
        return Rejected(f"The e-mail cannot be sent: {type(error).__name__}.")
    return Unknown(f"The e-mail may have been sent: {_describe(error)}.")


def _not_sent(text: str, error: Exception) -> NotSent:
    # With a code of 4xx, a server that is busy may take the password next time.
    is_account_fault = (
        isinstance(error, smtplib.SMTPAuthenticationError)
        and not 400 <= error.smtp_code < 500
    )
    return NotSent(text, code=_code(error), is_account_fault=is_account_fault)


def _outcome_of_answers(
    what: str,
    answers: Sequence[tuple[int, bytes | str]],
    otherwise: type[NotSent | Unknown],
) -> GatewayError:
    """Throttled or Rejected, as the answers say; otherwise where they say neither."""
    for code, words in answers:
        if 400 <= code < 500:
            text = f"The mail server refuses the {what} for now"
            return Throttled(f"{text}: {_full_code(code, words)}.", code=str(code))
    if answers and all(500 <= code < 600 for code, _ in answers):
        code, words = answers[0]
        text = f"The mail server refuses the {what}: {_full_code(code, words)}."
        if code in ACCOUNT_CODES:
            return NotSent(text, code=str(code), is_account_fault=True)
        return Rejected(text, code=str(code))
    codes = ", ".join(str(code) for code, _ in answers) or "none that can be read"
    return otherwise(f"The mail server's answer to the {what} means nothing: {codes}.")


def _describe(error: Exception) -> str:
    """The kind of fault and its code or cause, in words that nobody else chose."""
    kind = type(error).__name__
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{kind} {_full_code(error.smtp_code, error.smtp_error)}"
    if isinstance(error, OSError) and isinstance(error.strerror, str):
        return f"{kind}: {error.strerror}".rstrip(".")
    return kind


def _code(error: Exception) -> str:
    return str(getattr(error, "smtp_code", ""))[:20]


def _full_code(code: int, words: bytes | str) -> str:
    enhanced = ENHANCED_CODE.match(words) if isinstance(words, bytes) else None
    return f"{code} {enhanced[0].decode()}" if enhanced else str(code)
