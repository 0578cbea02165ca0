"""The command `slmdesk encrypt`, which encrypts the history and changes what opens it."""

from __future__ import annotations

from pathlib import Path

import click

from slmdesk.base.errors import KnownError
from slmdesk.base.files import is_there, write_atomically
from slmdesk.base.paths import find_paths
from slmdesk.base.policy import public_key_of, shown_key
from slmdesk.base.runtime.window_channel import LOCK, PLAIN, ask_window
from slmdesk.base.sealing import new_pair, new_recovery_key, secret_of
from slmdesk.base.untrusted import read_file
from slmdesk.cli.console import Console, NamedFile, answer, json_option, refuse
from slmdesk.cli.opening import ask_words, present_words
from slmdesk.history.privacy.opening import LEAST_PASSPHRASE, PrivacyState, open_by_organisation, state_of, ways_of

KEEP = (
    "This recovery key opens the history where the passphrase is forgotten. Nobody can make another for it. Write it "
    "down, and keep the paper away from this PC:"
)
WAYS = {
    "passphrase": "passphrase",
    "recovery": "recovery key",
    "keyring": "this account's keyring",
    "organisation": "your organisation",
}
"""What opens a history, by the end of its field in PrivacyState, and in words."""
MAY_REMAIN = (
    "note: What was written before may still be in unused parts of the disk, and is in backups made before. The "
    "encryption of the whole disk covers the first."
)


@click.group()
def encrypt() -> None:
    """Encrypt the history, and manage what opens it.  The window must be closed for on, off and new-keys."""


@encrypt.command()
@json_option
@click.pass_obj
def status(console: Console) -> None:
    """Show whether the history is encrypted, and what opens it."""
    _show(console, state_of(find_paths(console.home)))


@encrypt.command()
@click.option("--keyring", is_flag=True, help="Let it open by itself on this account, by the system's keyring.")
@click.option("--no-passphrase", is_flag=True, help="Only the keyring and the recovery key open it.")
@json_option
@click.pass_obj
def on(console: Console, keyring: bool, no_passphrase: bool) -> None:
    """Encrypt the history, its copies and what models have read of documents.

    A passphrase is asked for, and a recovery key shown, to be typed back. With
    --passphrase-fd the passphrase is read there and the key printed.
    """
    nothing_opens = "--no-passphrase wants --keyring: else nothing but the recovery key would open it."
    refuse(no_passphrase and not keyring, nothing_opens)
    if ways_of(find_paths(console.home)) is not None:
        raise KnownError("request.invalid", what="the history is encrypted already")
    with console.services() as services:
        passphrase = "" if no_passphrase else _new_passphrase(console)
        recovery = _new_recovery_key(console)
        console.result_of(services, lambda: services.privacy.encrypt(passphrase, recovery, by_itself=keyring))
        _tell(console, "The history is encrypted.", recovery)
    console.notify(MAY_REMAIN)
    for each in state_of(find_paths(console.home)).still_plain:
        console.notify(f"note: {each} was set aside earlier and is not encrypted. Delete it when you do not need it.")


@encrypt.command()
@json_option
@click.pass_obj
def off(console: Console) -> None:
    """Decrypt the history: whoever has the disk or a later backup can then read it."""
    _require_encrypted(console)
    with console.services() as services:
        words = present_words(console)
        console.result_of(services, lambda: services.privacy.decrypt(words))
    _tell(console, "The history is not encrypted any more. Backups made before still are.")


@encrypt.command()
@click.option(
    "--organisation-key", type=NamedFile(dir_okay=False), metavar="FILE",
    help="Open the history by the organisation's private key, where it was encrypted under its policy.",
)  # fmt: skip
@click.option("--new-keys", is_flag=True, help="Encrypt everything anew, with another recovery key too.")
@json_option
@click.pass_obj
def passphrase(console: Console, organisation_key: Path | None, new_keys: bool) -> None:
    """Set another passphrase.  Backups made before are still opened by the old one.

    Where somebody may know the old keys, use --new-keys.
    """
    refuse(new_keys and organisation_key, "Use one of --new-keys and --organisation-key.")
    _require_encrypted(console)
    private = _private_key(organisation_key) if organisation_key else b""
    key = open_by_organisation(find_paths(console.home), private) if private else None
    with console.services(key=key) as services:
        words = "" if private else present_words(console)
        new = _new_passphrase(console)
        if new_keys:
            recovery = _new_recovery_key(console)
            console.result_of(services, lambda: services.privacy.renew(words, new, recovery))
            _tell(console, "The history is encrypted with new keys.", recovery)
            return
        console.result_of(services, lambda: services.privacy.change_passphrase(words, new, private=private))
    _tell(console, "The new passphrase opens the history.")


@encrypt.command("organisation-key")
@click.argument("file", type=NamedFile(dir_okay=False))
@json_option
@click.pass_obj
def organisation_key(console: Console, file: Path) -> None:
    """Make a pair of keys for an organisation: the private one into FILE, the public one for its policy.

    Whoever has FILE can open each history that was encrypted under that policy (`[encryption] recovery_key`).
    """
    if is_there(file):
        raise KnownError("file.exists", path=str(file))
    private, public = new_pair()
    write_atomically(file, f"{shown_key(private)}\n".encode())
    answer(console, {"recovery_key": shown_key(public)}, f'recovery_key = "{shown_key(public)}"')


def _require_encrypted(console: Console) -> None:
    if ways_of(find_paths(console.home)) is None:
        raise KnownError("request.invalid", what="the history is not encrypted")


def _private_key(file: Path) -> bytes:
    try:
        private = public_key_of(read_file(file).decode("ascii").strip())
    except (OSError, ValueError) as err:
        reason = getattr(err, "strerror", None) or "it is no key"
        raise KnownError("file.unreadable", path=str(file), reason=reason) from err
    if not private:
        raise KnownError("file.unreadable", path=str(file), reason="it is no key")
    return private


def _new_passphrase(console: Console) -> str:
    first = ask_words(console, "New passphrase")
    if len(first) < LEAST_PASSPHRASE:
        raise KnownError("request.invalid", what=f"the passphrase has fewer than {LEAST_PASSPHRASE} characters")
    if console.passphrase_fd is None and ask_words(console, "Once more") != first:
        raise KnownError("request.invalid", what="the two passphrases differ")
    return first


def _new_recovery_key(console: Console) -> str:
    """Return a new recovery key. A person at the terminal must type it back, which proves that it was written down."""
    key = new_recovery_key()
    if console.passphrase_fd is None:
        for line in (KEEP, "", f"    {key}", ""):
            console.notify(line)
        typed = str(click.prompt("Type it here", err=True))
        if secret_of(typed) != secret_of(key):
            raise KnownError("key.mistyped")
    return key


def _tell(console: Console, sentence: str, recovery: str = "") -> None:
    """Print the result. The recovery key is printed too if the passphrase came from a file descriptor, since then
    nobody at a terminal has seen it.
    """
    if not recovery or console.passphrase_fd is None:
        answer(console, {"ok": True}, sentence)
        return
    answer(console, {"ok": True, "recovery_key": recovery}, recovery)
    console.notify(sentence)


def _show(console: Console, state: PrivacyState) -> None:
    opened_by = [name for name in WAYS if getattr(state, f"by_{name}")]
    if console.as_json:
        console.give({
            "encrypted": state.is_encrypted,
            "opened_by": opened_by,
            "required": state.is_required,
            "missing_library": state.missing_library or None,
            "keyring": state.no_keyring or None,
            "not_encrypted": [str(each) for each in state.still_plain],
        })  # fmt: skip
        return
    if not state.is_encrypted:
        console.say("The history is not encrypted.")
        if state.missing_library:
            console.notify(f"note: It cannot be here: the library “{state.missing_library}” is not installed.")
        return
    console.say(f"The history is encrypted. It is opened by: {', '.join(map(WAYS.__getitem__, opened_by))}.")
    for each in state.still_plain:
        console.notify(f"note: {each} was set aside earlier and is not encrypted.")


@click.command()
@json_option
@click.pass_obj
def lock(console: Console) -> None:
    """Lock the open window: it hides, the history is closed, and jobs go on after unlocking."""
    answer = ask_window(find_paths(console.home).data, LOCK)
    if answer == PLAIN:
        raise KnownError("lock.plain")
    if answer == b"":
        raise KnownError("lock.silent")
    if console.as_json:
        console.give({"locked": answer is not None, "window": answer is not None})
    elif answer is None:
        console.notify("No window is open, so there is nothing to lock.")
    else:
        console.say("Locked.")
