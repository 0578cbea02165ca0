"""python -m benchmarks.quality MODEL [--aside]: the measures of all jobs, one after another, on one half of the sets.

The open half without `--aside`.  Two to three hours with a model of 1.5 billion parameters; wants a quiet machine.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

from benchmarks.quality import cells, edits, passages, questions, summaries, translations


def main(arguments: Sequence[str]) -> int:
    """Run every measure."""
    names = [argument for argument in arguments if not argument.startswith("--")]
    options = set(arguments) - set(names)
    if len(names) != 1 or options - {"--aside"}:
        print(__doc__, file=sys.stderr)
        return 2
    half, aside = ("--aside", ["--aside"]) if options else ("--open", [])
    for words, run in (
        ("Versions", lambda: edits.main([half])),
        ("Tables, by rule", lambda: cells.main([half])),
        ("Tables, with the model", lambda: cells.main([half, "--model", names[0]])),
        ("Passages", lambda: passages.main(aside)),
        ("Summaries", lambda: summaries.main([names[0], *aside])),
        ("Questions", lambda: questions.main([names[0], *aside])),
        ("Translations", lambda: translations.main([names[0], *aside])),
    ):
        began = time.monotonic()
        print(f"\n## {words}\n", flush=True)
        run()
        print(f"\n{words}: {time.monotonic() - began:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
