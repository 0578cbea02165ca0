"""Errors as values: a code that never changes once released, with numbers or short strings as arguments."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

Args = Mapping[str, str | int | float]

BUG_CODE = "bug"
"""Code of what is our own fault; everything else is the world's."""

CODES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        BUG_CODE: (),
        # requests
        "request.invalid": ("what",),
        "context.full": ("needed", "available"),
        "context.too_small": ("needed", "available"),
        "grammar.invalid": ("reason",),
        # models and their files
        "model.missing": ("path",),
        "model.unreadable": ("path", "reason"),
        "model.not_gguf": ("path", "looks_like"),
        "model.incomplete": ("path", "bytes", "expected", "at_least"),
        "model.damaged": ("reason",),
        "model.changed": ("path",),
        "model.unsupported": ("architecture",),
        "model.wrong_kind": ("kind",),
        "model.wrong_job": ("name", "job"),
        "model.parts_missing": ("count", "missing", "names"),
        "model.parts_linked": ("count",),
        "model.none_found": ("path",),
        "model.out_of_memory": ("needed_bytes", "available_bytes"),
        "model.template_unusable": ("reason",),
        "model.not_loaded": (),
        "model.crashes": ("name", "times"),
        "model.noise": ("name",),
        "model.card_crashed": ("name", "card"),
        "model.unknown": ("wanted", "known"),
        "model.none": (),
        "model.not_converted": ("reason",),
        "measuring.twice": (),
        "measuring.answer": (),
        "formats.battery": (),
        "formats.busy": (),
        "formats.noisy": (),
        "formats.no_copy": ("name",),
        "model.several": ("known",),
        "model.name_taken": ("name", "id"),
        "model.shared": ("name", "path"),
        # LoRA adapters
        "adapter.other_model": ("adapter", "model", "reason"),
        "adapter.unusable": ("adapter", "reason"),
        "adapter.gone": (),
        # packs of models
        "pack.invalid": ("path", "reason"),
        "pack.newer": ("path", "version"),
        "pack.damaged": ("path", "name"),
        "pack.incomplete": ("path", "bytes", "expected"),
        "pack.other": ("path", "sha256"),
        "pack.no_model": ("wanted", "known"),
        # the folder of models
        "move.not_empty": ("path", "name"),
        "move.inside": ("path", "other"),
        "move.same": ("path",),
        "move.busy": ("reason",),
        "move.failed": ("path", "reason"),
        "move.undone": ("path",),
        # children
        "child.died": ("how", "detail"),
        "child.hung": ("seconds",),
        "child.start_failed": ("reason",),
        "child.protocol": ("reason",),
        # files and disk
        "file.missing": ("path",),
        "file.unreadable": ("path", "reason"),
        "file.exists": ("path",),
        "file.is_source": ("path",),
        "file.unwritable": ("path", "reason"),
        "disk.full": ("path", "needed_bytes", "available_bytes"),
        # where the history lies
        "home.open": ("path",),
        "home.network": ("path", "kind"),
        "home.synced": ("path", "service"),
        # store
        "store.damaged": ("path",),
        "store.newer": ("path", "version"),
        "store.busy": (),
        "store.full": (),
        "store.read_only": ("path",),
        "store.in_use": (),
        "store.copies_left": ("path",),
        "backup.unusable": ("path", "reason"),
        # keys of an encrypted history
        "key.missing": (),
        "key.wrong": (),
        "key.mistyped": (),
        "key.file_damaged": ("path",),
        "key.keyring": ("reason",),
        "key.library_missing": ("library",),
        "lock.plain": (),
        "lock.silent": (),
        "encryption.required": (),
        "encryption.plain": (),
        "item.unknown": ("id",),
        "text.replaced": ("count",),
        "chats.unknown": ("path",),
        "chats.unreadable": ("path", "reason"),
        "chats.broken": ("path", "reason"),
        "chats.not_searched": ("path", "reason"),
        # documents
        "document.unknown_format": ("suffix", "known"),
        "document.unreadable": ("path", "reason"),
        "document.too_large": ("path", "bytes", "limit"),
        "document.binary": ("path",),
        "document.bomb": ("path",),
        "document.damaged": ("path", "reason"),
        "document.empty": ("name",),
        "document.locked": ("path",),
        "document.wrong_password": ("path",),
        "document.too_many_pages": ("path", "pages", "limit"),
        "document.no_image": ("path",),
        "document.unknown": ("id",),
        "document.no_rewriter": ("path", "known"),
        "document.no_redactor": ("path", "known"),
        "redaction.left": ("path", "count", "place"),
        "redaction.nothing": ("path",),
        "redaction.conflict": ("words",),
        "redaction.changed": ("path",),
        "redaction.key_wrong": ("path",),
        "redaction.key_damaged": ("path",),
        "document.no_column": ("path", "column", "known"),
        "document.none_translatable": ("name", "known"),
        "document.too_many": ("count", "limit"),
        "document.changed": ("path",),
        "preset.unknown": ("id",),
        "preset.invalid": ("path", "reason"),
        "space.unknown": ("id",),
        "glossary.unknown": ("id",),
        "glossary.no_columns": ("path", "columns"),
        "glossary.no_languages": ("path",),
        "glossary.more_languages": ("path", "languages"),
        "glossary.empty": ("path",),
        "glossary.no_source": (),
        "glossary.no_translation": ("term",),
        "glossary.keeps_and_translates": ("term",),
        "glossary.too_long": ("most",),
        "memory.known": ("source",),
        "memory.empty": (),
        "translation.tags": ("tag", "kind"),
        "translation.no_better": (),
        "translation.all_failed": ("count",),
        "translation.already": ("name", "language"),
        "translation.source_unknown": (),
        "language.unknown": ("wanted", "known"),
        "language.same": ("language",),
        "text.too_long": ("limit",),
        "text.encoding": (),
        "writing.empty": (),
        "writing.too_long": ("characters", "most"),
        "writing.language": (),
        "writing.encoding": ("path",),
        "writing.unknown_format": ("path", "known"),
        "writing.file_changed": ("path",),
        "writing.no_version": (),
        "writing.not_shorter": (),
        "writing.not_longer": (),
        "dictionary.none": ("path",),
        "dictionary.damaged": ("path", "reason"),
        "dictionary.too_large": ("path", "bytes", "limit"),
        "exam.pair": ("language",),
        "document.not_read": ("path",),
        "document.stopped": ("path",),
        "versions.stopped": (),
        "document.reader_died": ("path", "how"),
        "document.reader_hung": ("path",),
        "document.no_page": ("path", "number"),
        "document.changing": ("path",),
        "collection.unknown": ("id",),
        "collection.no_folder": ("path",),
        "collection.nested": ("path", "other"),
        "collection.empty": ("name",),
        # exports
        "print.stopped": (),
        # redaction
        "redaction.ambiguous": (),
        "redaction.no_substitute": (),
        "redaction.not_reversible": ("words",),
        "redaction.still_there": ("words",),
        # settings and network
        "statement.key": ("reason",),
        "statement.wrong": ("path", "reason"),
        "setting.invalid": ("key", "reason"),
        "setting.managed": ("key",),
        "policy.invalid": ("path", "reason"),
        "policy.key": ("path", "key"),
        "feature.hidden": ("feature",),
        "network.offline": ("host",),
        "network.refused": ("host",),
        "network.enforced": (),
        "network.failed": ("host", "reason"),
        "network.tls": ("host", "reason"),
        "network.proxy": ("host", "reason"),
        "proxy.password": ("reason",),
        "network.login_page": ("host",),
        "network.redirects": ("host",),
        # the Hub and downloads
        "hub.missing": ("what",),
        "hub.unauthorized": ("what",),
        "hub.forbidden": ("what",),
        "hub.gated": ("repo",),
        "hub.token_refused": ("host",),
        "hub.not_admitted": ("repo",),
        "token.invalid": ("reason",),
        "token.keyring": ("reason",),
        "hub.busy": ("host", "wait_s"),
        "hub.error": ("host", "status", "wait_s"),
        "hub.answer_invalid": ("host", "reason"),
        "hub.no_file": ("repo", "wanted", "known"),
        "hub.no_models": ("repo",),
        "hub.several_files": ("repo", "wanted", "known"),
        "hub.unverifiable": ("name",),
        "download.cut": ("name",),
        "download.changed": ("name",),
        "download.damaged": ("name",),
        "download.wrong_size": ("name", "bytes", "expected"),
        "download.started_over": ("name", "reason"),
        "download.gave_up": ("name", "tries", "reason", "bytes", "expected"),
        "download.unknown": ("id",),
        "download.offline": (),
        "download.stopped": ("id",),
        # how long things are kept
        "rule.unknown": ("id",),
        "rule.managed": (),
        "hold.unknown": ("id",),
        "hold.managed": (),
        "hold.item": ("name", "who"),
        "hold.document": ("name",),
        "hold.folder": ("name",),
        "hold.all": ("count",),
        "retention.trashed": ("what", "days", "until"),
        "retention.deleted": ("what", "days"),
        "retention.clock": ("last", "now"),
        # jobs
        "job.unknown": ("id",),
        "job.ended": ("id", "status"),
        "job.elsewhere": ("id",),
        "job.running": ("count",),
    }
)
"""Every code that may cross a layer or the pipe, with the names of its args.  Codes are only ever added."""


class SlmdeskError(Exception):
    """Base class of our own exceptions."""


class KnownError(SlmdeskError):
    """A failure outside our control: `code` is a key of `CODES`, `args_for_people` are numbers and short strings."""

    def __init__(self, code: str, **args: str | int | float) -> None:
        super().__init__(f"{code} {args}")
        self.code = code
        self.args_for_people: dict[str, str | int | float] = args


class BugError(SlmdeskError):
    """A bug of ours: shown with a report to copy."""


class Stopped(SlmdeskError):
    """The work was cancelled: never shown."""
