"""The page of a repository: the memory its files need, from one file's header, and its publisher's text."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record, changed
from slmdesk.gguf.read import GgufHeader
from slmdesk.gguf.speed import active_bytes
from slmdesk.hub.files import RemoteFile, Repo
from slmdesk.models.fit import COMFORTABLE, Fit, Pc, fit_header
from slmdesk.models.importer import require_usable
from slmdesk.online.hub import HubService
from slmdesk.runtime.pending import Pending
from slmdesk.text.words.cards import ReadableCard, readable_card


class RepoJudged(Record):
    """What one file's header says about all files: they differ only in the size of their weights."""

    fits: Mapping[str, Fit]
    """By the name of the file; without those whose size the Hub does not say."""
    kind: str
    """model, encoder, adapter, or split."""
    has_chat_template: bool
    most_tokens: int


class RepoPageService:
    """Called on the service thread; each request has a thread of its own and can be cancelled."""

    def __init__(self, hub: HubService) -> None:
        self._hub = hub

    def judge(self, repo: Repo, name: str) -> Pending[RepoJudged]:
        context, pc = self._hub.context_tokens, self._hub.pc()

        def work(stop: threading.Event) -> RepoJudged:
            chosen = repo.choose(name)
            header = self._hub.hub.header(chosen, token=self._hub.hub.token() if repo.gated else "", stop=stop)
            if header.kind != "split":  # of one in parts, the first says what it needs beside its weights
                require_usable(header)
            models = [one for one in repo.files if not one.beside and one.bytes]
            fits = {one.name: _fit(one, header, context, pc) for one in models}
            return RepoJudged(fits, header.kind, header.has_chat_template, max(0, header.context_length))

        return self._hub.ask("hub-judge", work)

    def card(self, repo: Repo) -> Pending[ReadableCard]:
        """What the publisher wrote, as Markdown without HTML and front matter; empty where there is no card."""

        def work(stop: threading.Event) -> ReadableCard:
            if not repo.has_card:
                return ReadableCard("", is_cut=False)
            try:
                card = self._hub.hub.card(repo, token=self._hub.hub.token() if repo.gated else "", stop=stop)
            except KnownError as err:
                if err.code == "hub.missing":
                    return ReadableCard("", is_cut=False)
                raise
            return readable_card(card.text, is_cut=card.is_cut)

        return self._hub.ask("hub-card", work)


def _fit(file: RemoteFile, header: GgufHeader, context_tokens: int, pc: Pc) -> Fit:
    fit = fit_header(header, context_tokens, pc)
    is_whole = header.weight_bytes and header.kind != "split"
    share = active_bytes(header) / header.weight_bytes if is_whole else 1.0
    speed = pc.pace.of_size(round(file.bytes * share), file.quantization, sha256=file.sha256)
    memory = changed(fit.memory, weights=file.bytes)
    if memory.total > fit.available_bytes and fit.device:  # the card that holds the one does not hold the other
        fit = fit_header(header, context_tokens, changed(pc, devices=()))
        memory = changed(fit.memory, weights=file.bytes)
    free = fit.available_bytes
    verdict = "fits" if memory.total <= COMFORTABLE * free else "tight"
    return changed(fit, memory=memory, speed=speed, verdict="too_large" if memory.total > free else verdict)
