"""Writes a document as one HTML file: no scripts, no pictures, nothing fetched; foreign text is escaped."""

from __future__ import annotations

from html import escape

from slmdesk.base.paper import Paper, Piece, PieceKind, Run, plain

_STYLE = """
body { font: 16px/1.55 system-ui, sans-serif; max-width: 46rem; margin: 2.5rem auto; padding: 0 1rem; color: #1b1f24; }
h1, h2, h3, h4 { line-height: 1.25; margin: 1.6em 0 .5em; } h1 { margin-top: 0; }
pre { background: #f3f4f6; padding: .8rem; border-radius: 6px; white-space: pre-wrap; overflow-wrap: anywhere; }
code { font: .92em ui-monospace, monospace; }
blockquote { margin: 0; padding-left: 1rem; border-left: 3px solid #c9ced6; }
table { border-collapse: collapse; width: 100%; } th, td { border: 1px solid #c9ced6; padding: .35rem .6rem; }
th, td { text-align: left; vertical-align: top; } th { background: #f3f4f6; }
.small, .cite { color: #59636e; font-size: .88em; } .item { margin: .25em 0; text-indent: -1.4em; }
p, .item, td, th { overflow-wrap: anywhere; }
@media (prefers-color-scheme: dark) { body { background: #16191d; color: #e6e9ec; } pre, th { background: #23272d; }
.small, .cite { color: #a4adb8; } th, td { border-color: #3d444d; } }
""".strip()


def to_html(paper: Paper) -> str:
    """The whole file.  Its content security policy forbids it to load or run anything."""
    title = escape(plain(paper.title))
    body = [f"<h1>{title}</h1>"]
    if paper.subtitle:
        body.append(f'<p class="small">{escape(plain(paper.subtitle))}</p>')
    body += [_block(piece) for piece in paper.pieces]
    language = f' lang="{escape(paper.language)}"' if paper.language else ""
    return (
        f'<!DOCTYPE html>\n<html{language}>\n<head>\n<meta charset="utf-8">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>\n{_STYLE}\n</style>\n</head>\n<body>\n"
        + "\n".join(body)
        + "\n</body>\n</html>\n"
    )


def _block(piece: Piece) -> str:
    words = "".join(_run(run) for run in piece.runs)
    match piece.kind:
        case PieceKind.HEADING:
            return f"<h{piece.level}>{words}</h{piece.level}>"
        case PieceKind.ITEM:
            mark = f"{escape(plain(piece.mark))}&ensp;" if piece.mark else "&emsp;"
            return f'<p class="item" style="margin-left: {piece.level * 1.6:.1f}em">{mark}{words}</p>'
        case PieceKind.CODE:
            return f"<pre><code>{escape(plain(piece.text))}</code></pre>"
        case PieceKind.QUOTE:
            return f"<blockquote><p>{words}</p></blockquote>"
        case PieceKind.TABLE:
            rows = [_row(row, "th" if at == 0 else "td") for at, row in enumerate(piece.rows)]
            return "<table>\n" + "\n".join(rows) + "\n</table>"
        case PieceKind.SMALL:
            return f'<p class="small">{words}</p>'
        case PieceKind.RULE:
            return "<hr>"
        case PieceKind.PARAGRAPH:
            return f"<p>{words}</p>"


def _row(cells: tuple[str, ...], tag: str) -> str:
    return "<tr>" + "".join(f"<{tag}>{_text(cell)}</{tag}>" for cell in cells) + "</tr>"


def _run(run: Run) -> str:
    words = _text(run.text)
    for requested, before, after in (
        (run.code, "<code>", "</code>"), (run.italic, "<em>", "</em>"), (run.bold, "<strong>", "</strong>"),
        (run.cite, '<span class="cite">', "</span>"),
    ):  # fmt: skip
        words = f"{before}{words}{after}" if requested else words
    return words


def _text(text: str) -> str:
    return escape(plain(text)).replace("\n", "<br>")
