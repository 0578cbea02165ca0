"""Translates answers of servers and network failures to known errors, each cause with its own code."""

from __future__ import annotations

import email.utils
import ssl
import time
from typing import TYPE_CHECKING

from slmdesk.base.errors import KnownError
from slmdesk.base.labels import clean_label

if TYPE_CHECKING:
    import httpx2

LONGEST_WAIT_S = 600
"""What is kept of a Retry-After."""


def problem_of_status(response: httpx2.Response, *, what: str, repo: str = "") -> KnownError:
    host, status = response.request.url.host, response.status_code
    code = response.headers.get("x-error-code", "")
    if "authorization" in response.request.headers:
        if status == 401:
            return KnownError("hub.token_refused", host=host)
        if status == 403:
            return KnownError("hub.not_admitted", repo=repo or what)
    if code == "GatedRepo" or (status == 403 and repo):
        return KnownError("hub.gated", repo=repo or what)
    if status == 401:
        return KnownError("hub.unauthorized", what=what)
    if status == 403:
        return KnownError("hub.forbidden", what=what)
    if status in (404, 410):
        return KnownError("hub.missing", what=what)
    if status == 407:
        return KnownError("network.proxy", host=host, reason="it wants a name and a password")
    if status == 429:
        return KnownError("hub.busy", host=host, wait_s=retry_after(response))
    return KnownError("hub.error", host=host, status=status, wait_s=retry_after(response))


def retry_after(response: httpx2.Response) -> int:
    """Seconds a server asks to wait, at most LONGEST_WAIT_S; 0 where it names none.  A date is understood too."""
    untrusted = response.headers.get("retry-after", "").strip()
    if untrusted.isascii() and untrusted.isdigit():
        return min(int(untrusted[:9]), LONGEST_WAIT_S)
    try:
        wait = email.utils.parsedate_to_datetime(untrusted).timestamp() - time.time()
    except (ValueError, TypeError, OverflowError):
        return 0
    return max(0, min(int(wait) + 1, LONGEST_WAIT_S))


def problem_of_line(err: httpx2.HTTPError | httpx2.InvalidURL, host: str) -> KnownError:
    """The error for a failure on the way: certificate, proxy, redirects, or the connection itself."""
    import httpx2

    if isinstance(err, httpx2.TooManyRedirects):
        return KnownError("network.redirects", host=host)
    if isinstance(err, (httpx2.UnsupportedProtocol, httpx2.InvalidURL)):
        return KnownError("network.refused", host="an address that is none of the web")
    if isinstance(err, httpx2.ProxyError):
        return KnownError("network.proxy", host=host, reason=clean_label(str(err), 120) or "it refused")
    said = ""
    cause: BaseException | None = err
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return KnownError("network.tls", host=host, reason=clean_label(cause.verify_message, 120))
        if isinstance(cause, OSError):
            said = said or clean_label(cause.strerror or "", 120)
        cause = cause.__cause__ or cause.__context__
    if isinstance(err, httpx2.TimeoutException):
        return KnownError("network.failed", host=host, reason="it does not answer")
    return KnownError("network.failed", host=host, reason=said or "the connection was cut")


def is_page(response: httpx2.Response) -> bool:
    kind: str = response.headers.get("content-type", "")
    return kind.split(";")[0].strip().lower() in ("text/html", "application/xhtml+xml")
