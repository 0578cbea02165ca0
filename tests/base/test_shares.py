from __future__ import annotations

import pytest

from slmdesk.base.untrusted import is_on, is_share, server_of

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("path", "server"),
    [
        ("//evil.example/share/a.docx", "evil.example"),
        (r"\\evil.example\share\a.docx", "evil.example"),
        (r"\/evil.example\share", "evil.example"),
        (r"\\?\UNC\evil\share\a", "evil"),
        ("//./unc/evil/share", "evil"),
        (r"\\evil@SSL@443\DavWWWRoot\a", "evil@SSL@443"),
        (r"\\?\GLOBALROOT\Device\Mup\evil", "GLOBALROOT"),
        ("//", "?"),
        (r"\\?\C:\Users\me\a.docx", ""),
        (r"C:\Users\me\a.docx", ""),
        ("/home/me/a.docx", ""),
        ("a//b", ""),
        ("", ""),
    ],
)
def test_the_computer_that_a_path_leads_to(path, server) -> None:
    assert server_of(path) == server


def test_what_lies_on_a_share() -> None:
    shares = (r"\\files.example\team", "//other")
    for path in (
        "//FILES.example/Team/a.docx",
        r"\\files.example\team",
        r"\\?\UNC\files.example\team\b",
        "//other/x/y",
    ):
        assert is_on(path, shares), path
    for path in ("//files.example/teams/a", "//files.example", "//evil/team", "//files.example/team/../x", "/team"):
        assert not is_on(path, shares), path
    assert not is_on("//files.example/team", ())


def test_what_names_a_share() -> None:
    assert all(map(is_share, (r"\\a\b", "//a", "//a/b/c")))
    assert not any(map(is_share, ("", "/a", "a", "//", r"C:\a", "//a/../b", "//a\n")))
