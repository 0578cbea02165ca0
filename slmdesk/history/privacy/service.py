"""Encrypt and decrypt the history, and change what opens it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from slmdesk.base.errors import KnownError
from slmdesk.base.policy import EncryptionRules
from slmdesk.base.record import changed
from slmdesk.base.runtime.events import Noticed, Pending
from slmdesk.base.runtime.messages import problem_for
from slmdesk.base.runtime.service import Runtime, Service, pending_on_file_thread
from slmdesk.base.sealing import new_key, secret_of
from slmdesk.base.texts import _
from slmdesk.history.privacy.opening import PrivacyState, secret_in, state_of, system_keyring
from slmdesk.history.store import (
    KEYRING,
    ORGANISATION,
    PASSPHRASE,
    Cost,
    DataKey,
    KeyFile,
    calibrated,
    keys_of,
    new_data_key,
    put_keys,
    wrong_of,
)
from slmdesk.models.hub.vault import Vault

T = TypeVar("T")


class PrivacyService(Service):
    """Service for encryption, on the service thread. Trying a passphrase takes a second and runs on a thread of its
    own. Rewriting the history blocks the service thread for about five seconds per 80 MB.
    """

    def __init__(
        self,
        runtime: Runtime,
        on_key: Callable[[], object],
        *,
        keyring: Vault | None = None,
        cost: Callable[[], Cost] | None = None,
    ) -> None:
        """`on_key` is called as soon as the history has another key, or no key any more."""
        super().__init__(runtime)
        self._on_key = on_key
        self._keyring = keyring or system_keyring()
        self._cost = cost or (lambda: calibrated(_free_bytes()))

    def state(self, *, asks_keyring: bool = True) -> Pending[PrivacyState]:
        """Return the state of the encryption. Asking the keyring may take seconds."""
        is_encrypted, is_read_only = self._store.key is not None, self._store.read_only

        def look() -> PrivacyState:
            state = state_of(self._paths, is_encrypted=is_encrypted, keyring=self._keyring, asks_keyring=asks_keyring)
            return changed(state, can_encrypt=state.can_encrypt and not is_read_only, is_required=self._rules.required)

        return self._on_thread(look)

    def encrypt(self, passphrase: str, recovery: str, *, by_itself: bool) -> Pending[None]:
        """Encrypt the history. A passphrase ("" for none) and a recovery key open it. With `by_itself` the keyring
        opens it, too.

        The person must have seen the recovery key and typed it back. Progress is not reported; see `Store.change_key`.
        Ends with None, or a Problem: request.invalid, key.mistyped, key.keyring, key.library_missing, store.in_use,
        store.*, disk.full; the history is then unchanged.
        """
        if self._store.key is not None:
            raise KnownError("request.invalid", what=_("the history is encrypted already"))
        return self._put_under_new_keys(passphrase, recovery, by_itself=by_itself)

    def renew(self, words: str, passphrase: str, recovery: str) -> Pending[None]:
        """Rewrite the history with new keys. The old passphrase and recovery key do not open it any more.

        `words` is the current passphrase or recovery key. Backups elsewhere stay unchanged. Ends as `encrypt` does, or
        with key.wrong.
        """
        by_itself = self._keys().has(KEYRING)
        return self._put_under_new_keys(passphrase, recovery, by_itself=by_itself, first=lambda: self._check(words))

    def decrypt(self, words: str) -> Pending[None]:
        """Make the history plain. `words` is the current passphrase or recovery key.

        Ends with None, or a Problem: key.wrong, key.mistyped, store.*, disk.full; the history is then unchanged.
        """
        if self._rules.required:
            raise KnownError("encryption.required")
        before = self._keys()

        def rewrite(_none: None) -> None:
            left = self._store.change_key(None, None, self._on_key)
            self._forget(before)
            self._notice(left)

        return self.check(words).map(rewrite)

    def check(self, words: str) -> Pending[None]:
        """Check whether a passphrase or a recovery key opens this history. For "" check the keyring.

        Ends with None, or key.wrong, key.mistyped, key.missing.
        """
        return self._on_thread(lambda: self._check(words))

    def change_passphrase(self, words: str, passphrase: str, *, private: bytes = b"") -> Pending[None]:
        """Replace the passphrase.

        `words` is the current passphrase or recovery key. `private`, the organisation's private key, can be given
        instead. The old passphrase still opens earlier backups. Ends with None, or a Problem as `check` does.
        """
        if not passphrase:
            raise KnownError("request.invalid", what=_("the passphrase is empty"))
        return self._change(words, lambda keys, key: keys.with_passphrase(key, passphrase, self._cost()), private)

    def change_recovery(self, words: str, recovery: str) -> Pending[None]:
        secret = _secret_of(recovery)
        return self._change(words, lambda keys, key: keys.with_recovery(key, secret))

    def follow_policy(self) -> None:
        """Apply the policy at the start. If the organisation has set a recovery key, its key can open the history from
        now on. Raises KnownError encryption.required if the policy requires encryption and the history is plain,
        disk.full, file.unwritable.
        """
        key = self._store.key
        if key is None:
            if self._rules.required and not self._store.read_only:
                raise KnownError("encryption.required")
            return
        keys = self._keys()
        changed = self._for_organisation(keys, key)
        if changed != keys:
            put_keys(self._paths, changed)

    def open_by_itself(self, words: str, by_itself: bool) -> Pending[None]:
        """Set whether the keyring of this account opens the history. `words` is the current passphrase or recovery key.

        Ends with None, or a Problem as `check` does, or key.keyring. Raises request.invalid if no passphrase would be
        left.
        """
        if by_itself:
            return self._change(words, self._with_keyring)
        before = self._keys()
        if not before.has(PASSPHRASE):
            raise KnownError("request.invalid", what=_("only the recovery key would be left to open the history"))
        changed = self._change(words, lambda keys, _key: keys.without(KEYRING))
        return changed.map(lambda _none: self._forget(before))

    # ---- inside

    def _put_under_new_keys(
        self, passphrase: str, recovery: str, *, by_itself: bool, first: Callable[[], object] = lambda: None
    ) -> Pending[None]:
        """Rewrite the history with new keys. `first` runs before, on the thread, and must succeed. Raises KnownError
        request.invalid, key.mistyped.
        """
        secret = _secret_of(recovery)
        if not passphrase and not by_itself:
            raise KnownError("request.invalid", what=_("the passphrase is empty"))
        before = [self._keys()] if self._store.key is not None else []
        key = new_data_key()

        def make() -> KeyFile:
            first()
            keys = KeyFile().with_recovery(key, secret)
            if passphrase:
                keys = keys.with_passphrase(key, passphrase, self._cost())
            keys = self._for_organisation(keys, key)
            return self._with_keyring(keys, key) if by_itself else keys

        def rewrite(keys: KeyFile) -> None:
            try:
                left = self._store.change_key(key, keys, self._on_key)
            except BaseException:
                if self._store.key != key:
                    self._forget(keys)
                raise
            for old in before:
                self._forget(old)
            self._notice(left)

        return self._on_thread(make).map(rewrite)

    def _notice(self, left: KnownError | None) -> None:
        if left is not None:
            self._publish(Noticed(problem_for(left)))

    def _change(self, words: str, change: Callable[[KeyFile, DataKey], KeyFile], private: bytes = b"") -> Pending[None]:
        key = self._key()

        def run() -> None:
            if not private:
                self._check(words)
            elif self._keys().opened_with(ORGANISATION, private) != key:
                raise KnownError("key.wrong")
            put_keys(self._paths, change(self._keys(), key))

        return self._on_thread(run)

    def _check(self, words: str) -> None:
        keys = self._keys()
        opened = keys.opened_by(words) if words else keys.opened_with(KEYRING, secret_in(self._keyring, keys))
        if opened != self._key():
            raise wrong_of(words) if words else KnownError("key.missing")

    def _key(self) -> DataKey:
        if self._store.key is None:
            raise KnownError("request.invalid", what=_("the history is not encrypted"))
        return self._store.key

    def _keys(self) -> KeyFile:
        return keys_of(self._paths, self._key())

    def _with_keyring(self, keys: KeyFile, key: DataKey) -> KeyFile:
        secret = new_key()
        try:
            self._keyring.put(keys.store, secret.hex())
            kept = self._keyring.get(keys.store)
        except KnownError as known:
            raise KnownError("key.keyring", reason=known.args_for_people.get("reason", _("it refused"))) from known
        if kept != secret.hex():
            raise KnownError("key.keyring", reason=_("it does not keep what it is given"))
        return keys.with_keyring(key, secret)

    def _for_organisation(self, keys: KeyFile, key: DataKey) -> KeyFile:
        """Return the keys with a slot for the organisation's recovery key, if the policy of the whole PC has one. A
        policy in this home is ignored, since anybody who uses this account could have written it.
        """
        public = self._rules.recovery_key
        if not public or self._settings.policy.path == str(self._paths.policy_file):
            return keys
        is_there = any(slot.kdf.get("public") == public.hex() for slot in keys.of(ORGANISATION))
        return keys if is_there else keys.with_organisation(key, public)

    @property
    def _rules(self) -> EncryptionRules:
        return self._settings.policy.encryption

    def _forget(self, keys: KeyFile) -> None:
        """Remove the secret from the keyring in the background, since the keyring may wait for its owner."""
        self._on_thread(lambda: self._remove(keys))

    def _remove(self, keys: KeyFile) -> None:
        if keys.has(KEYRING):
            self._keyring.remove(keys.store)

    def _on_thread(self, work: Callable[[], T]) -> Pending[T]:
        return pending_on_file_thread(self._service_thread, work, name="keys")


def _secret_of(recovery: str) -> bytes:
    secret = secret_of(recovery)
    if secret is None:
        raise KnownError("key.mistyped")
    return secret


def _free_bytes() -> int:
    import psutil  # 17 ms

    return int(psutil.virtual_memory().available)
