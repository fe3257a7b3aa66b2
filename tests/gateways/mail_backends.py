"""Mail backends that sites may have in place of Django's, and that fail."""

import smtplib

from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend as SmtpBackend


class TakesNothing(BaseEmailBackend):
    """Says that it took no e-mail."""

    def send_messages(self, email_messages):
        return 0


class SaysNothing(BaseEmailBackend):
    """Says nothing of what it took, as backends with a queue do."""

    def send_messages(self, email_messages):
        return None


class Failing(BaseEmailBackend):
    """Raises `fault` in place of sending."""

    fault = Exception("Bad luck for zoe@example.fr: nuts")

    def send_messages(self, email_messages):
        raise self.fault


class FailingSmtp(SmtpBackend):
    """Raises `fault` in place of connecting."""

    fault = OSError()

    def open(self):
        raise self.fault


class FailsToClose(BaseEmailBackend):
    """Sends, and then cannot say goodbye."""

    def send_messages(self, email_messages):
        return len(email_messages)

    def close(self):
        raise smtplib.SMTPException("Goodbye?")


class TakesNoTimeout(SmtpBackend):
    """Has no argument of the name timeout."""

    def __init__(self, fail_silently=False):
        super().__init__(fail_silently=fail_silently)
