"""Commands and options that there were before, each with a sentence that says what to
do instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import click

_IN_WINDOW = "Do it in the window: "
_WRITE = "Use “slmdesk write --as {task}” instead."
_NAMES = (
    "The model on this PC tells nobody; “slmdesk redact” writes a copy without names "
    "for others."
)
_SAMPLING = "Use --temperature, --top-p, --top-k, --min-p or --repeat-penalty instead."
_FORM = "Ask for the form in words instead."

COMMANDS: Mapping[str, str] = {
    "documents folders": "Use “slmdesk documents list --folders” instead.",
    "documents index": (
        "Use “slmdesk documents watch FOLDER” instead; it looks anew each time."
    ),
    "encrypt keyring": f"{_IN_WINDOW}Settings, Privacy & security.",
    "encrypt new-keys": "Use “slmdesk encrypt passphrase --new-keys” instead.",
    "encrypt recovery": f"{_IN_WINDOW}Settings, Privacy & security.",
    "glossary check": (
        "Translate the text again with “slmdesk translate”, which lists where terms "
        "are not kept."
    ),
    "glossary forget": f"{_IN_WINDOW}Translate, Glossaries.",
    "glossary propose": (
        "Write the terms into a CSV file, and read it by “slmdesk glossary import "
        "FILE”."
    ),
    "history empty-trash": (
        f"{_IN_WINDOW}the trash of the history; “history delete --for-good” deletes an"
        " item."
    ),
    "history forget-day": f"{_IN_WINDOW}Settings, History & deletion, Delete one day.",
    "history rename": f"{_IN_WINDOW}the menu of the item.",
    "history restore": f"{_IN_WINDOW}the trash of the history.",
    "jobs pause": (
        "Press Ctrl-C where it runs, or pause it in the window; “slmdesk jobs resume”"
        " goes on with it."
    ),
    "memory search": "Use “slmdesk memory export -o FILE.tmx”, and search that file.",
    "models compare": "Ask each model by “slmdesk chat -m MODEL”.",
    "models exam": (
        "Models are judged by published measures and their size: see “slmdesk models "
        "info MODEL”."
    ),
    "models find": (
        f"{_IN_WINDOW}Models, Look on this PC; “slmdesk models import --link FOLDER” "
        "takes .gguf files."
    ),
    "models fit": "Use “slmdesk models recommend”, or “slmdesk models search --fits”.",
    "models leftovers": f"{_IN_WINDOW}the page Models shows them.",
    "models move": (
        f"{_IN_WINDOW}Settings, Models; new files go to that folder, and old ones are "
        "found where they are."
    ),
    "models pack": (
        "Copy the model files to a stick, and bring them in by “slmdesk models import"
        " FOLDER”."
    ),
    "models prune": "Use “slmdesk models tune MODEL --layers N” instead.",
    "models rename": f"{_IN_WINDOW}the menu of the model.",
    "models unpack": (
        "Use “slmdesk models import FOLDER”; a SHA256SUMS file in it is compared."
    ),
    "retention": (
        "Set in the window how long things are kept: Settings, History & deletion."
    ),
    "spaces": (
        "See the list of chats in the window; “slmdesk chat --space NAME” begins a "
        "chat in one."
    ),
    "statement": "Use “slmdesk network --export FILE.pdf” (or .csv) instead.",
    **{
        f"write {task}": _WRITE.format(task=task)
        for task in ("continue", "correct", "expand", "rephrase", "shorten", "tone")
    },
}
OPTIONS: Mapping[str, str] = {
    "--redact": _NAMES,
    "--no-redact": _NAMES,
    "--redact-preview": _NAMES,
    "--typical-p": _SAMPLING,
    "--presence-penalty": _SAMPLING,
    "--frequency-penalty": _SAMPLING,
    "--penalty-last-n": _SAMPLING,
    "--dry-multiplier": _SAMPLING,
    "--dry-base": _SAMPLING,
    "--dry-allowed-length": _SAMPLING,
    "--xtc-probability": _SAMPLING,
    "--xtc-threshold": _SAMPLING,
    "--word-bias": (
        "Say in the instructions (--system) which words are wanted and which are not."
    ),
    "--schema": _FORM,
    "--grammar": _FORM,
    "--again": "Use --make alone; no format is measured any more.",
}
_WITH_VALUE = ("--home", "--passphrase-fd")
"""Options before the command that take a value."""


def instead(
    error: click.UsageError, arguments: Sequence[str]
) -> click.UsageError | None:
    """Return the error that says what to do instead, if the command or option that is
    wrong was there before.
    """
    if isinstance(error, click.NoSuchOption) and (
        sentence := OPTIONS.get(error.option_name)
    ):
        return click.UsageError(f"{error.option_name} is gone. {sentence}")
    left = list(arguments)
    while left and left[0].startswith("-"):
        del left[: 2 if left[0] in _WITH_VALUE else 1]
    for name in (" ".join(left[:2]), " ".join(left[:1])):
        if sentence := COMMANDS.get(name):
            return click.UsageError(f"“slmdesk {name}” is gone. {sentence}")
    return None
