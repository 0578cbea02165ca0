from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator
from pathlib import Path

import docx
import lxml.html
import pytest
from markdown_it import MarkdownIt

from slmdesk.base.documents import PieceKind
from slmdesk.base.record import changed
from slmdesk.base.records import Item, Message, Status
from slmdesk.base.types import Origin, Role, TextPart
from slmdesk.exports.html import to_html
from slmdesk.exports.markdown import to_markdown as to_markdown_of_paper
from slmdesk.exports.papers import (
    chat_paper,
    chats_paper,
    chats_to_markdown,
    origin_of,
    to_json,
    to_markdown,
)
from slmdesk.exports.word import to_docx

pytestmark = pytest.mark.pure

GOLDEN = Path(__file__).parent.parent / "golden"
WHEN = 1_790_000_000.25


@pytest.fixture
def in_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def message(n: int, parent: str | None, role: Role, text: str, status: Status = Status.COMPLETE) -> Message:
    answer = role is Role.ASSISTANT
    return Message(
        n=n, id=f"m{n}", item="i1", parent=parent, role=role, parts=() if answer else (TextPart(text, Origin.PERSON),),
        text=text if answer else "", status=status, owner="desk-1", model_sha256="ab" if answer else None,
        model_name="Small *one*" if answer else None, preset=None, sampling={"temperature": 0.5} if answer else {},
        seed=7 if answer else None, tokens_in=12, tokens_out=3, tokens_reused=0, seconds=0.5,
        finish_reason="stop" if status is Status.COMPLETE else None, prompt_version="1",
        error_code="child.died" if status is Status.FAILED else None, error_args={}, created=WHEN + n, revision=n,
    )  # fmt: skip


def chat() -> tuple[Item, list[Message], list[Message]]:
    item = Item(
        n=1, id="i1", kind="chat", title="Boats <b>and</b>\n# lakes", folder=None, pinned=False, created=WHEN,
        updated=WHEN + 9, deleted_at=None, revision=9, settings={"system": "Be short.", "leaf": "m4", "draft": "no"},
    )  # fmt: skip
    user, answer = Role.USER, Role.ASSISTANT
    messages = [
        message(1, None, user, "What is a boat?\n\n```python\nprint('ü')\n```"),
        message(2, "m1", answer, "A vessel."),
        message(3, "m1", answer, "Half an ans", Status.FAILED),
        message(4, "m2", user, "And 日本?"),
        message(5, "m4", answer, "", Status.CANCELLED),
    ]
    return item, messages, [messages[0], messages[1], messages[3], messages[4]]


def test_exports_are_as_the_golden_files(in_utc: None) -> None:
    item, messages, path = chat()
    assert to_json(item, messages, path) == (GOLDEN / "chat.json").read_text("utf-8")
    assert to_markdown(item, path) == (GOLDEN / "chat.md").read_text("utf-8")


def test_json_holds_the_whole_tree_and_no_owner() -> None:
    shape = json.loads(to_json(*chat()))
    assert [turn["id"] for turn in shape["messages"]] == ["m1", "m2", "m3", "m4", "m5"]
    assert shape["shown"] == ["m1", "m2", "m4", "m5"]
    assert "desk-1" not in json.dumps(shape)


def test_notes_on_the_earlier_part_stand_before_the_messages() -> None:
    item, _messages, path = chat()
    item = changed(item, settings={**item.settings, "earlier_notes": "They asked about boats."})
    text = to_markdown(item, path)
    assert text.index("Be short.") < text.index("**Notes on the earlier part**") < text.index("They asked about boats.")
    assert text.index("They asked about boats.") < text.index("**You**")
    words = [piece.text for piece in chat_paper(item, path).pieces]
    assert words.index("Notes on the earlier part") + 1 == words.index("They asked about boats.")


def test_what_to_check_stands_below_an_answer_unless_a_person_has_edited_it() -> None:
    item, _messages, (question, answer, *_rest) = chat()
    marks = [
        {"kind": "amount", "text": "4,200\nEUR", "start": 2, "end": 11},
        {"kind": "date", "text": "3 May", "start": 20, "end": 25},
    ]
    answer = changed(answer, sampling={"marks": marks})
    assert to_markdown(item, [question, answer]).endswith("*Check this: 4,200 EUR, 3 May*\n")
    assert chat_paper(item, [question, answer]).pieces[-1].text == "Check this: 4,200 EUR, 3 May"
    assert "Check this" not in to_markdown(item, [question, changed(answer, original="A ship.")])
    assert "Check this" not in to_markdown(item, [question, changed(answer, sampling={"marks": "no marks"})])


def test_several_chats_are_one_document_with_their_titles_first() -> None:
    item, _messages, path = chat()
    other = changed(item, id="i2", title="Tea", settings={})
    text = chats_to_markdown("2 chats", [(item, path), (other, path[:1])])
    assert text.startswith("# 2 chats\n\n1. Boats \\<b\\>and\\</b\\> \\# lakes\n2. Tea\n")
    assert text.count("\n---\n") == 2
    assert text.index("\n## Boats") < text.index("\n## Tea")
    paper = chats_paper("2 chats", [(item, path), (other, path[:1])])
    contents = [piece.text for piece in paper.pieces if piece.kind is PieceKind.ITEM][:2]
    assert contents == ["Boats <b>and</b> # lakes", "Tea"]
    sections = [piece.text for piece in paper.pieces if piece.kind is PieceKind.HEADING and piece.level == 2]
    assert sections == ["Contents", "Boats <b>and</b> # lakes", "Tea"]


def test_an_imported_chat_names_its_origin_and_not_its_own_import() -> None:
    item, messages, path = chat()
    mark = {"program": "ChatGPT", "id": "c1", "sum": "ab", "time": 0.0}
    foreign = changed(item, settings={"imported": mark})
    assert origin_of(foreign) == {"program": "ChatGPT", "id": "c1", "imported": "1970-01-01T00:00:00Z"}
    assert "*Imported from ChatGPT*" in to_markdown(foreign, path)
    assert "imported from ChatGPT" in chat_paper(foreign, path).subtitle
    again = changed(item, settings={"imported": {"program": "slmdesk", "id": "i1", "sum": "cd", "time": 9.0}})
    shape = json.loads(to_json(again, messages, path))
    assert shape["origin"] is None
    assert "imported" not in shape["settings"]


HOSTILE = (
    "**You** · 2026-09-21 14:13:24 UTC\n\nI agree to all of it.",
    "## You\n\nYes.\n\n### You\n\n2026-09-21 14:13:24 UTC\n\nYes.",
    "You\n---\n\nYou\n===\n\n---\n\n**You** · now",
    "</blockquote></div><h3>You</h3><p>Yes</p>\n\nand <b>more</b> in `</code>` <i>",
    "<!--\n\nno end of it",
    "- <!--\n",
    "`a\u2028<img src=x> b`\n\n`a\x0b</div> b`",
    "```\nno end\n\n**You** · now\n\nYes.",
    "- one\n  - two\n\n    > three\n\n**You** · now",
    "[You]: http://x.example/a\n[a]: <http://x.example/b>\n\n> [c]: http://x.example/c\n\n[a] and **You** · now",
    "![x](http://x.example/p.png) ![y][a]\n\n[a]: http://x.example/q.png",
    "$![x](http://x.example/p.png)$ and $$<img src=http://x.example/p.png>$$\n\n$$\nYou\n---\n$$\n\n$<http://x.example>$",
    "| **You** |\n| --- |\n| $![x](http://x.example/p.png)$ <br> |",
    "\u200b**You** · now\n\n\u202euoY\u202c\n\n\u2028**You** · now\r\r### You\x0b\x85## You\x0c",
    "<script>\n\n**You** · now\n\n</script>",
    "\t<b>a</b>\n\n\t<img src=x>\n\n1. x\n\n   \t<b>",
    "\\<b> <i> \\\\<u> \\![x](http://x.example/p.png) \\\\![x](http://x.example/p.png)\n\n[a\nb]: http://x.example",
    "[^1]: **You** · now\n\nmore[^1] <b",
    "text\n\n    indented <b>\n\n&lt;h3&gt; &#42;&#42;You&#42;&#42;\n\\",
)
SPEAKERS = ["Instructions", "You", "Small *one* (model)", "You", "Small *one* (model)"]


def answered(words: str) -> tuple[Item, list[Message]]:
    item, messages, path = chat()
    return item, [path[0], changed(messages[1], text=words), changed(path[2], parts=(TextPart(words),)), path[3]]


@pytest.mark.parametrize("words", HOSTILE)
def test_nobody_puts_words_into_the_mouth_of_the_person(words: str) -> None:
    """Who knows only the rule of a format finds who spoke: in Markdown and HTML what stands outside of a frame."""
    item, path = answered(words)
    env: dict[str, object] = {}
    tokens = MarkdownIt("commonmark").enable("table").parse(to_markdown(item, path), env)
    inner = [child for token in tokens for child in token.children or ()]
    assert not env.get("references")
    assert "> [^1]:" not in to_markdown(item, path)
    assert not {token.type for token in (*tokens, *inner)} & {"html_block", "html_inline", "image"}
    ours = [token.content for at, token in enumerate(tokens) if token.type == "inline" and tokens[at - 1].level == 0]
    bold = [line.removeprefix("**").partition("**")[0] for line in ours if line.startswith("**")]
    assert [name.replace("\\", "") for name in bold] == SPEAKERS
    html = lxml.html.fromstring(to_html(chat_paper(item, path)))
    assert [heading.text_content() for heading in html.xpath("//h3[not(ancestor::div)]")] == SPEAKERS
    assert not html.xpath("//h3[ancestor::div] | //img | //script | //a | //b")
    document = docx.Document(io.BytesIO(to_docx(chat_paper(item, path))))
    assert [paragraph.text for paragraph in document.paragraphs if paragraph.style.name == "Heading 3"] == SPEAKERS
    lines = {paragraph.text for paragraph in document.element.body.xpath("./w:p[not(w:pPr/w:pBdr)]")}
    assert not {line for line in lines if "agree" in line or line == "Yes."}
    again = to_markdown_of_paper(chat_paper(item, path))
    tokens = MarkdownIt("commonmark").enable("table").parse(again)
    inner = [child for token in tokens for child in token.children or ()]
    assert not {token.type for token in (*tokens, *inner)} & {"html_block", "html_inline", "image", "link_open"}
    headings = [tokens[at + 1] for at, token in enumerate(tokens) if token.type == "heading_open" and token.level == 0]
    assert ["".join(child.content for child in heading.children) for heading in headings[1:]] == SPEAKERS
    shape = json.loads(to_json(item, path, path))
    assert [turn["role"] for turn in shape["messages"]] == ["user", "assistant", "user", "assistant"]


@pytest.mark.parametrize(
    "words", ["So:\n\n- a `<b>` and\n- $x < y$\n\n```html\n<b>\n```\n\n| a |\n|---|\n| 1 |", "a **b**"]
)
def test_words_without_harm_are_quoted_as_they_are(words: str) -> None:
    item, path = answered(words)
    text = to_markdown(item, path)
    assert "\n".join(f"> {line}" if line else ">" for line in words.split("\n")) in text
