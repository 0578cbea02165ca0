"""G2: which addresses can be opened at all, and what is said about those that can."""

from __future__ import annotations

import pytest

from slmdesk.ui.kit.widgets.opening import judge_link

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("javascript:alert(1)", "scheme"), ("JaVaScRiPt:alert(1)", "scheme"), ("java\tscript:alert(1)", "letters"),
        ("file:///etc/passwd", "scheme"), ("data:text/html,x", "scheme"), ("vbscript:x", "scheme"),
        ("\\\\server\\share", "letters"), ("//server/share", "scheme"), ("smb://server/share", "scheme"),
        ("ftp://example.org", "scheme"), ("mailto:a@example.org", "scheme"), ("/etc/passwd", "scheme"),
        ("C:\\Windows\\x.exe", "letters"), ("C:/Windows/x.exe", "scheme"), ("#here", "scheme"), ("", "scheme"),
        ("http:example.org", "host"), ("http://", "host"), ("https:///path", "host"), ("http://a:b:c/", "host"),
        ("http://[::1", "host"), ("http://exam\u202eple.org/", "letters"), ("https://a.org/\u200bx", "letters"),
        ("https://a.org/ b", "letters"), ("http:\\\\evil.org", "letters"), ("slmdesk-copy-code:1", "scheme"),
        ("https://a.org/" + "x" * 3000, "length"),
    ],
)  # fmt: skip
def test_g2_cannot_be_opened(url, reason):
    verdict = judge_link(url)
    assert not verdict.openable
    assert verdict.reason == reason
    assert verdict.address == url


@pytest.mark.parametrize(
    ("url", "host", "warnings"),
    [
        ("https://example.org/a?b#c", "example.org", ()),
        ("http://example.org", "example.org", ("not_encrypted",)),
        ("https://bank.com@evil.org/", "evil.org", ("user_in_address",)),
        ("https://bank.com:443@evil.org/", "evil.org", ("user_in_address",)),
        ("https://\u0430pple.com/", "\u0430pple.com", ("look_alike",)),
        ("https://xn--pple-43d.com/", "\u0430pple.com", ("look_alike",)),
        ("https://127.0.0.1/", "127.0.0.1", ("number_host",)),
        ("https://2130706433/", "2130706433", ("number_host",)),
        ("https://[::1]/", "::1", ("number_host",)),
    ],
)
def test_g2_what_is_said_about_openable_ones(url, host, warnings):
    verdict = judge_link(url)
    assert verdict.openable
    assert verdict.host == host
    assert verdict.warnings == warnings
