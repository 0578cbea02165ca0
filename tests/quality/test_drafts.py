"""Papers with drafts: what is judged of them, and what is said where a folder holds something that cannot be used."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from benchmarks import __main__ as command
from benchmarks.drafts import total
from benchmarks.quality.draft_sets import BadInput, Case, Cases

LETTER = """# Your application for a parking permit

Dear Ms Ashdown,

we have granted your application of 3 March 2026. The permit costs 84 pounds a year and is valid from 1 May 2026.

Please pay the fee by 20 April 2026. If you move out of the zone, you must return the permit within 14 days.

Yours sincerely
Rowan Pike
"""
NOTICE = """# Sperrung der Turnhalle

Liebe Vereine,

die Turnhalle am Lindenplatz bleibt vom 6. bis zum 17. Juli 2026 geschlossen, weil der Boden erneuert wird. Die Kosten
von 41.300 Euro trägt die Gemeinde.

Bitte räumen Sie Ihre Geräte bis zum 3. Juli 2026 aus. Der Schlüssel wird nicht eingezogen.

Mit freundlichen Grüßen
Hanne Brodersen
"""
PAPERS = {"permit.md": LETTER, "halle.md": NOTICE}
DRAFTS = {
    "permit.md": "- The application of 3 March 2026 was granted.\n\n- The fee must be paid by 20 April 2026.\n",
    "halle.md": "# Kurz\nDie Turnhalle bleibt bis zum 17. Juli 2026 geschlossen.\nDie Gemeinde trägt 41.300 €.\n",
}
FACTS = {
    "permit.md": {
        "language": "en",
        "facts": {"granted": "grant", "fee": r"by 20 april", "return": "14 days"},
        "musts": ["fee"],
    },
    "halle.md": {"language": "de", "facts": {"closed": r"17\. Juli", "cost": r"41\.300"}, "musts": []},
}
FAULTS = {"permit.md": [{"kind": "date", "line": 3, "text": "The fee must be paid by 20 August 2027."}]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "set"
    (place / "drafts").mkdir(parents=True)
    for name, text in PAPERS.items():
        (place / name).write_text(text, encoding="utf-8")
        (place / "drafts" / f"{name}.txt").write_text(DRAFTS[name], encoding="utf-8")
    told(place / "facts.json", FACTS)
    return place


def told(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")


@pytest.mark.process
def test_papers_are_judged_through_the_program_and_bad_ones_stop_no_other(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    inner = tmp_path / "papers" / "inner"
    inner.mkdir(parents=True)
    (folder / "halle.md").rename(inner / "halle.md")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7\n")
    (folder / "blank.md").write_text("\n", encoding="utf-8")
    for name in ("broken.pdf", "blank.md"):
        (folder / "drafts" / f"{name}.txt").write_text("A sentence.", encoding="utf-8")
    bad = {name: {"facts": {"a": "a"}} for name in ("broken.pdf", "absent.pdf", "blank.md")}
    told(folder / "facts.json", {**bad, **FACTS})
    told(folder / "faults.json", FAULTS)

    status = command.main(["drafts", str(folder), "--papers", str(tmp_path / "papers"), "--show"])

    out, err = capsys.readouterr()
    permit, hall = map(json.loads, out.splitlines())
    assert status == 1
    assert (permit["file"], permit["total"], permit["draft"], permit["lost"]) == ("permit.md", 4, 3, 0)
    assert (hall["file"], hall["draft"], hall["lost"], hall["sentences"]) == ("halle.md", 2, 0, 2)
    assert all(paper["through"] == paper["draft"] + paper["appended_points"] for paper in (permit, hall))
    assert permit["rules"] + hall["rules"] >= 3
    assert permit["marked"] == hall["marked"] == 0
    assert (permit["faults"], hall["faults"]) == ({"date": [1, 1]}, {})
    for name in ("broken.pdf", "absent.pdf", "blank.md"):
        assert re.search(rf"^\S*{re.escape(name)}: .", err, re.MULTILINE), name
    assert json.loads(err.splitlines()[-1])["faults"] == {"date": [1, 1]}


@pytest.mark.pure
@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        ("facts.json", None, "facts.json: no such file"),
        ("facts.json", "{", "facts.json: this is not JSON"),
        ("facts.json", '{"permit.md": {"facts": {}}}', "facts.json: permit.md: wants"),
        ("facts.json", '{"permit.md": {"facts": {"a": "("}}}', "permit.md: a: this is not a regular expression"),
        ("facts.json", '{"permit.md": {"facts": {"a": "a"}, "musts": ["b"]}}', "b in musts is none of its facts"),
        ("permit.md", None, "permit.md: no such paper"),
        ("drafts/permit.md.txt", b"\xff\xfe\xfa", "permit.md.txt: this is not UTF-8"),
    ],
)
def test_what_cannot_be_judged_is_told_with_its_file(
    folder: Path, file: str, text: str | bytes | None, words: str
) -> None:
    if text is None:
        (folder / file).unlink()
    else:
        (folder / file).write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(BadInput, match=re.escape(words)):
        Cases(folder).case("permit.md")


@pytest.mark.pure
def test_a_fact_is_found_however_signs_are_written() -> None:
    facts = {
        name: re.compile(text, re.IGNORECASE)
        for name, text in {"one": "l'acte", "two": "1–2 mai", "three": "[Mm]ünd"}.items()
    }
    case = Case("a", Path(), "fr", (), facts, frozenset({"two"}), ())
    assert case.said_in("Signer  l\u2019acte\n1–2\u00a0Mai") == {"one", "two"}
    assert case.said_in("Signer l'\nacte, muendlich") == {"three"}
    assert case.worth(["one", "two"]) == 3


@pytest.mark.pure
def test_sums_are_those_of_all_papers() -> None:
    rows = [
        {"file": "a", "words": 170, "draft": 3, "faults": {"date": [1, 2]}},
        {"file": "b", "words": 190, "draft": 4, "faults": {"date": [0, 1], "noun": [1, 1]}},
    ]
    assert total(rows) == {"papers": 2, "draft": 7, "faults": {"date": [1, 3], "noun": [1, 1]}}
