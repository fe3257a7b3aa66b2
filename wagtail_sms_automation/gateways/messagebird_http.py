"""HTTP for the MessageBird SDK: open connections, and faults turned into outcomes."""

import json
import os
import re
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urljoin

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ConnectTimeoutError
from urllib3.util import Retry

from wagtail_sms_automation.gateways.base import (
    GatewayError,
    NotSent,
    Rejected,
    Throttled,
    Unknown,
)
from wagtail_sms_automation.gateways.fields import clean


#: Seconds an open connection may rest. Closing one in the instant we write would
#: leave the outcome unknown, so we give it up before the server does.
IDLE_LIMIT = 20.0

#: The error code where the recipient has sent STOP.
OPTED_OUT = "103"

#: Where the account may send nothing: request not allowed, not enough balance.
ACCOUNT_STATUSES = (401, 402, 403)
ACCOUNT_CODES = ("2", "25")

#: What is wrong with this message, whatever the status: a parameter that is missing
#: (so, too, a number a trial account may not text) or invalid, and STOP.
MESSAGE_CODES = ("9", "10", OPTED_OUT)

#: Faults that come before a single byte of the request has left. A refused
#: connection and a name that does not resolve are ConnectTimeoutErrors to urllib3.
BEFORE_SENDING = (
    ConnectTimeoutError,
    ssl.SSLCertVerificationError,
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
)


class PooledHttpClient:
    """What the SDK asks of an HTTP client, over one session per process and thread.

    A session shared with a forked child would mix up the answers of both.
    """

    def __init__(
        self,
        endpoint: str,
        access_key: str,
        user_agent: str,
        timeout: tuple[float, float],
    ) -> None:
        self._endpoint = endpoint.rstrip("/") + "/"
        self._headers = {
            "Accept": "application/json",
            "Authorization": f"AccessKey {access_key}",
            "User-Agent": user_agent,
            "Content-Type": "application/json; charset=UTF-8",
        }
        self._timeout = timeout
        self._local = threading.local()

    def request(
        self, path: str, method: str = "GET", params: Any = None, *_: object
    ) -> str:
        """Give the body of a 2xx answer; raise a GatewayError for anything else."""
        data = None if params is None else json.dumps(params, ensure_ascii=False)
        try:
            response = self._session().request(
                method,
                urljoin(self._endpoint, path),
                data=None if data is None else data.encode(),
                headers=self._headers,
                timeout=self._timeout,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise _outcome_of_fault(error) from error
        finally:
            self._local.used_at = time.monotonic()
        body = response.content.decode("utf-8", "replace")
        if not 200 <= response.status_code < 300:
            raise _outcome_of_answer(response, body)
        return body

    def _session(self) -> requests.Session:
        local = self._local
        if getattr(local, "pid", None) != os.getpid():
            local.session, local.pid = _new_session(), os.getpid()
        elif time.monotonic() - local.used_at > IDLE_LIMIT:
            local.session.close()
        session: requests.Session = local.session
        return session


def first_error(body: str) -> tuple[str, str]:
    """The code and the text of the first error in an answer; empty where none is."""
    try:
        error = json.loads(body)["errors"][0]
    except (ValueError, LookupError, TypeError, RecursionError):
        return "", ""
    if not isinstance(error, dict):
        return "", clean(str(error))[:500]
    words = [str(error.get(name) or "") for name in ("code", "description")]
    if error.get("parameter"):
        words.append(f"({error['parameter']})")
    return clean(words[0])[:20], clean(" ".join(filter(None, words)))[:500]


def refusal(text: str, code: str, status: int = 0) -> Rejected | NotSent:
    """The outcome of a message that MessageBird will not take: not yet, or never."""
    is_account_fault = code in ACCOUNT_CODES or (
        status in ACCOUNT_STATUSES and code not in MESSAGE_CODES
    )
    if is_account_fault:
        return NotSent(text, code=code, is_account_fault=True)
    return Rejected(text, code=code, is_opt_out=code == OPTED_OUT)


def _new_session() -> requests.Session:
    session = requests.Session()
    # Otherwise a ~/.netrc would replace the access key.
    session.trust_env = False
    retry = Retry(
        connect=2,
        read=0,
        status=0,
        other=0,
        redirect=0,
        respect_retry_after_header=False,
    )
    adapter = HTTPAdapter(max_retries=retry)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def _outcome_of_fault(error: requests.RequestException) -> GatewayError:
    causes = list(_causes(error))
    what = f"{type(causes[-1]).__name__}: {causes[-1]}"[:500]
    if any(isinstance(cause, BEFORE_SENDING) for cause in causes):
        return NotSent(f"MessageBird cannot be reached: {what}")
    return Unknown(f"MessageBird was called, but its answer was lost: {what}")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """From what requests raised down to what happened on the socket."""
    cause: object = error
    while isinstance(cause, BaseException):
        yield cause
        inner = (getattr(cause, "reason", None), *cause.args)
        cause = next((item for item in inner if isinstance(item, BaseException)), None)


def _outcome_of_answer(response: requests.Response, body: str) -> GatewayError:
    status = response.status_code
    code, description = first_error(body)
    text = f"MessageBird answered {status}: {description or 'it gave no reason'}"
    if status == 429:
        retry_after = _seconds(response.headers.get("Retry-After", ""))
        return Throttled(text, retry_after=retry_after, code=code)
    if 300 <= status < 400:
        return Rejected(f"MessageBird answered {status}: ENDPOINT is a redirect.")
    if 400 <= status < 500:
        return refusal(text, code, status)
    return Unknown(text, code=code)


def _seconds(retry_after: str) -> float | None:
    """How long Retry-After asks to wait: it holds seconds or an HTTP date."""
    retry_after = retry_after.strip()
    if re.fullmatch(r"[0-9]{1,9}", retry_after):
        return float(retry_after)
    try:
        moment = parsedate_to_datetime(retry_after)
    except (ValueError, TypeError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
