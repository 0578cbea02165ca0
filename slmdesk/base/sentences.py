"""All error codes that a service or child process may report, each with its sentence: what happened, what was kept,
what to do now.

Codes are only ever added. The arguments of a code are the names in braces.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from string import Formatter
from types import MappingProxyType

from slmdesk.base.errors import BUG_CODE
from slmdesk.base.texts import _

TRY_AGAIN = _("Your text is safe. Continue, or try again.")

_SENTENCES: Mapping[str, str | tuple[str, str]] = {
    # if a code has two sentences, the second is for the command line: the first names a way out only the window has
    BUG_CODE: _("Something went wrong inside slmdesk. What was saved is safe. The details can be copied for a report."),
    # invalid requests
    "request.invalid": _("This request could not be understood ({what}). Nothing was changed."),
    "context.full": _(
        "This chat needs {needed} tokens and the model can see {available}. Nothing was cut or sent, and your message "
        "is kept; later ones leave it out. Start a new chat, have the oldest turns left out, or load the model with a "
        "larger context."
    ),
    "context.too_small": _(
        "A part of the document needs {needed} tokens and the model can see {available} at once. Nothing was cut. Set "
        "a larger context in the settings, or choose a model with one, and begin again."
    ),
    "grammar.invalid": _(
        "The form that answers are bound to cannot be used: {reason}. Nothing was sent or changed. Correct it, or ask "
        "without it."
    ),
    # models and their files
    "model.missing": _("The model file {path} is not there. The chats are kept. Put it back or choose another model."),
    "model.unreadable": _("The model file {path} cannot be read ({reason}). Check its permissions or choose another."),
    "model.not_gguf": _(
        "{path} is not a GGUF model file; it looks like {looks_like}. Choose a file in the GGUF format."
    ),
    "model.not_converted": _(
        "The model could not be made in another format ({reason}). The published file is unchanged."
    ),
    "measuring.twice": _("Models are being compared or measured already. Wait until that has ended, or stop it."),
    "measuring.answer": _("An answer is being written. Measure when it has ended."),
    "formats.battery": _("This PC runs on battery, where measurements mislead. Plug it in and try again."),
    "formats.busy": _("Another window or command tries formats of a model just now. Wait until it has ended."),
    "formats.noisy": _(
        "Other programs use the processor, so that nothing can be compared. Close them, or measure again later."
    ),
    "formats.no_copy": _("There is no copy of {name} in another format on this PC. Make one first."),
    "model.damaged": _("This model file is damaged ({reason}). The chats are kept. Fetch or copy the model again."),
    "model.changed": _(
        "The model file {path} has changed since it was checked, so it was not loaded. Import it again if the change "
        "was meant."
    ),
    "model.unsupported": _(
        "Models of the kind “{architecture}” are not supported by this version. Choose another model."
    ),
    "model.out_of_memory": _(
        "This model needs {needed_bytes} of memory and {available_bytes} are free. Close other programs, lower the "
        "context size in the settings, or choose a smaller model."
    ),
    "model.template_unusable": _(
        "The chat format inside this model file cannot be used ({reason}). A built-in format is used instead."
    ),
    "model.not_loaded": _("The model is not loaded any more. “Try again” loads it."),
    "model.noise": _(
        "“{name}” does not behave like a language model: in a short test it made nothing of plain sentences. Its "
        "answers are probably nonsense. The file may be damaged: fetch or copy it again, or choose another model."
    ),
    "model.card_crashed": _(
        "The model's process ended unexpectedly while “{name}” was on the graphics card {card}, so this model is used "
        "without the card from now on. To try the card again, set “Graphics card” in the settings to Off, then back to "
        "Automatic."
    ),
    "model.crashes": (
        _(
            "The model “{name}” has crashed {times} times, so it is not started by itself any more. The chats are "
            "kept. Choose it in the list of models to try once more, or choose another."
        ),
        (
            "The model “{name}” has crashed {times} times, so it is not started by itself any more. The chats are "
            "kept. Name it with “-m ID” to try once more, or choose another; “slmdesk models list” shows them."
        ),
    ),
    "model.unknown": _("No model is called “{wanted}”. There are: {known}."),
    "model.none": _("There is no model yet. Add a model file (GGUF) first."),
    "model.several": _("There are several models and none was used yet. Choose one: {known}."),
    "model.wrong_job": _("“{name}” cannot be used for {job}: it is a model of another kind. Choose another one."),
    "model.parts_missing": _(
        "This model lies in {count} parts, and {missing} of them are not beside it: {names}. Put all parts into one "
        "folder and add it again."
    ),
    "model.parts_linked": _(
        "This model lies in {count} parts, which are put together into one file. Copy it in; it cannot be linked."
    ),
    "model.none_found": _("There is no model file (.gguf) in {path}."),
    "model.name_taken": _("Another model ({id}) is called “{name}” already. Nothing was changed. Choose another name."),
    "model.shared": _(
        "“{name}” lies in your organisation's folder {path} and is there for everybody, so it cannot be removed here. "
        "Nothing was changed."
    ),
    # packs of models
    "pack.invalid": _("{path} is no pack of models that can be used: {reason}. Nothing of it was kept."),
    "pack.newer": _(
        "The pack {path} was made by a newer version of slmdesk (format {version}). Nothing of it was kept. Use that "
        "version or a newer one."
    ),
    "pack.damaged": _(
        "The pack {path} is damaged: {name} is not what its list says. Nothing of it was kept. Copy the pack again."
    ),
    "pack.incomplete": _(
        "The pack {path} is not what its list says: {bytes} are there instead of {expected}. Nothing of it was kept. "
        "Copy the pack again."
    ),
    "pack.other": _(
        "The pack {path} is not the one you were told of: the checksum of its list is {sha256}. Nothing of it was kept."
    ),
    "pack.no_model": _("The pack has no model “{wanted}”. It has: {known}. Nothing of it was kept."),
    # the folder of models
    "move.not_empty": _(
        "The folder {path} is not empty (it holds “{name}”), and the models are kept in one of their own. Nothing was "
        "moved. Choose an empty folder or a new one."
    ),
    "move.inside": _(
        "{path} lies inside {other}, where the models are now. Nothing was moved. Choose a folder outside of it."
    ),
    "move.same": _("The models are in {path} already. Nothing was moved."),
    "move.busy": _("The models cannot be moved now: {reason}. Nothing was moved. Try again afterwards."),
    "move.failed": _(
        "The models could not be moved: {path} cannot be reached or read any more ({reason}). They are where they "
        "were. Check the disk, then try again."
    ),
    "move.undone": _(
        "Moving the models to {path} was interrupted. They are where they were and can be used; what was copied is "
        "removed. Move them again when you like."
    ),
    # LoRA adapters
    "adapter.other_model": _(
        "The adapter “{adapter}” was made for another model than {model}: {reason}. Choose another adapter, or none, "
        "in the settings of this chat."
    ),
    "adapter.unusable": _(
        "The adapter “{adapter}” cannot be used: {reason}. Choose another, or none, in the settings of this chat."
    ),
    "adapter.gone": _(
        "The adapter of this chat is no longer in the library. Choose another, or none, in the settings of this chat."
    ),
    # children
    "child.hung": _("The model's process did not answer for {{seconds}} seconds and was ended. {try_again}").format(
        try_again=TRY_AGAIN
    ),
    "child.start_failed": _("The model's process could not be started ({reason}). The chats are kept."),
    "child.protocol": _(
        "The model's process sent what could not be understood ({{reason}}) and was ended. {try_again}"
    ).format(try_again=TRY_AGAIN),
    # files and disk
    "file.missing": _("The file {path} is not there."),
    "file.unreadable": _("The file {path} cannot be read ({reason})."),
    "file.is_source": _(
        "{path} is the document itself, which is never written over. Nothing was changed. Choose another name."
    ),
    "file.exists": _("The file {path} is already there and was not touched. Choose another name."),
    "file.unwritable": _("The file {path} cannot be written ({reason}). Choose another place."),
    "disk.full": _(
        "Not enough space on the disk for {path}: {needed_bytes} are needed, {available_bytes} are free. Make space "
        "and try again."
    ),
    # the folder of the history
    "home.open": _(
        "Others who use this PC, or get hold of its disk, may be able to read {path}: that disk keeps no rights for "
        "files. Confidential texts are safer on another disk, or on an encrypted one."
    ),
    "home.network": _(
        "{path} is on a network drive ({kind}). Whoever runs that server can read it. Open it on one PC at a time: two "
        "at once could damage the history."
    ),
    "home.synced": _(
        "{path} lies in a folder that {service} copies to other places, so your texts go there too, even while slmdesk "
        "works offline. Open it on one PC at a time: two at once could damage the history."
    ),
    # store
    "store.damaged": _(
        "The history {path} is damaged, so this could not be read. Nothing was changed. Close slmdesk and start it "
        "again: it then repairs what it can."
    ),
    "store.rebuilt": _("An index of the history was damaged and was built again. Nothing was lost."),
    "store.repaired": _(
        "A part of the history could not be read and was left out. All else is here. The file as it was is kept as "
        "{path}."
    ),
    "store.set_aside": (
        _(
            "The history could not be read. It was set aside unchanged as {path}, and a new one was started. What can"
            " still be read of it can be rescued."
        ),
        (
            "The history could not be read. It was set aside unchanged, and a new one was started. What can still be "
            "read of it is taken over by: slmdesk history rescue {path}"
        ),
    ),
    "store.newer": _(
        "The history {path} was made by a newer version of slmdesk (format {version}). Nothing was touched. Use that "
        "version or a newer one."
    ),
    "store.busy": _("The history is in use by another program for longer than usual. Nothing was lost. Try again."),
    "store.full": (
        _("The disk is full, so this could not be saved. The text stays here and is saved as soon as there is space."),
        "The disk is full, so nothing can be saved. Make space and try again.",
    ),
    "store.read_only": _("The history {path} cannot be written. It can be read, but nothing new is saved."),
    "store.in_use": _("The history is open elsewhere. Close the other window or command first."),
    "store.copies_left": _(
        "The copies of the history in {path} could not be made anew: the disk is full or cannot be written. They are "
        "as they were before. The next start tries again."
    ),
    "backup.unusable": _("{path} cannot be restored: {reason}. Nothing was changed. Choose another backup."),
    # keys of an encrypted history
    "key.missing": (
        _(
            "This is encrypted, and this account holds no key to it. Nothing was touched. The passphrase or the "
            "recovery key opens it."
        ),
        (
            "This is encrypted, and no key to it was given. Nothing was touched. The passphrase or the recovery key "
            "opens it: type it on a terminal, or have it read with “slmdesk --passphrase-fd N …”."
        ),
    ),
    "key.wrong": _("Wrong passphrase or recovery key."),
    "key.mistyped": _("This recovery key has a typing error. Compare it with the paper, sign by sign, and try again."),
    "key.file_damaged": _(
        "The file of keys {path} is missing, damaged or that of another history, and so is its copy. Nothing was "
        "touched. Put it back from a backup: encrypted backups of slmdesk have it in them."
    ),
    "key.keyring": _(
        "The system's keyring cannot be used ({reason}). Nothing was changed. Unlock it and try again, or go on "
        "without it."
    ),
    "key.library_missing": _(
        "Encryption needs the library “{library}”, which is not installed here. Nothing was touched. Install slmdesk "
        "with the extra “encrypt”."
    ),
    "lock.plain": _(
        "This history is not encrypted, so locking it would protect nothing. Encrypt it first; the window then locks."
    ),
    "lock.silent": _("The window does not answer. Close it, or end its process, to be sure."),
    "encryption.required": _(
        "Your organisation wants the history encrypted: “slmdesk encrypt on” does that. It cannot be decrypted here."
    ),
    "encryption.plain": _("Your organisation has switched off copies of the history without encryption."),
    # documents
    "document.unknown_format": _("Files of the kind “{suffix}” cannot be read. These can: {known}."),
    "document.unreadable": _("The document {path} cannot be read ({reason})."),
    "document.too_large": _("The document {path} is too large: {bytes}; the limit is {limit}."),
    "document.binary": _("{path} is no document: a program, a picture or an archive. Nothing of it was read."),
    "document.bomb": _("{path} would become far too large when unpacked. It was not read any further."),
    "document.damaged": _("The document {path} is damaged and cannot be opened ({reason})."),
    "document.empty": _("The file {name} is empty (0 bytes)."),
    "document.locked": (
        _(
            "The document {path} is locked with a password. Only that of a PDF can be used here; slmdesk cannot open "
            "other locked documents: save a copy without a password in the program it was made with."
        ),
        (
            "The document {path} is locked with a password. If it is a PDF, “slmdesk documents text FILE --password” "
            "asks for it and reads it, as ask and chat do with --password, and then all commands can use it. Other "
            "locked documents, such as Office files, slmdesk cannot open: save a copy without a password in the "
            "program it was made with."
        ),
    ),
    "document.wrong_password": _("That is not the password of {path}."),
    "document.too_many_pages": _("The document {path} has {pages} pages; the limit is {limit}."),
    "document.not_read": _("{path} is still being read. Wait until it is there, and try again."),
    "document.unknown": _("There is no document {id} here."),
    "document.no_redactor": _("{path} cannot be given out redacted in its own format. These can: {known}."),
    "redaction.left": _(
        "Of the words to be removed, {count} could still be found in what was made of {path} ({place}). Nothing was "
        "written. Remove that part in the program the document was made with, and try again."
    ),
    "redaction.nothing": _("There are no words to remove from {path}. Nothing was written."),
    "redaction.conflict": _("What would stand for a word holds another that is to be removed: {words}. Leave it out."),
    "redaction.changed": _(
        "{path} has changed since it was looked through. Nothing was written; look through it again."
    ),
    "redaction.key_wrong": _("That is not the passphrase of the key file {path}, or the file was changed."),
    "redaction.key_damaged": _("{path} is no key file of slmdesk, or it is damaged."),
    "document.no_column": _("{path} has no column “{column}”. Its first row has: {known}."),
    "document.no_rewriter": _("{path} cannot be translated in its own format. These can: {known}."),
    "document.none_translatable": _("There is nothing in {name} that can be translated. These formats can: {known}."),
    "document.too_many": _("These are {count} documents; {limit} can be begun at once. Drop fewer."),
    "document.changed": _(
        "{path} has changed since it was translated. Translate it again; what did not change is kept."
    ),
    "chats.unknown": _(
        "There are no chats in {path} that slmdesk can read. It reads exports of slmdesk, ChatGPT, Open WebUI, LM "
        "Studio, Jan and Cherry Studio."
    ),
    "chats.unreadable": _("The chats in {path} cannot be read: {reason}."),
    "chats.broken": _("{path} was not read to its end: {reason}. The chats before that place were imported."),
    "chats.not_searched": _("Not all of {path} was searched: {reason}."),
    "redaction.ambiguous": _("One substitute would stand for two things. Nothing was sent."),
    "redaction.no_substitute": _("There is no free substitute left for something in this text. Nothing was sent."),
    "redaction.not_reversible": _(
        "“{words}” could not be put back letter for letter, so nothing was sent. Leave one of these finds as it is, or "
        "send the text as it is."
    ),
    "redaction.still_there": _(
        "“{words}” would still stand in what the model sees, so nothing was sent. Mark whole words, or send the text "
        "as it is."
    ),
    "preset.unknown": _("There is no preset “{id}” of yours here."),
    "preset.invalid": _("{path} cannot be read as a preset: {reason}. Nothing was changed."),
    "space.unknown": _("There is no space “{id}” here."),
    "glossary.unknown": _("There is no glossary {id} here."),
    "glossary.no_languages": _("{path} does not say which languages it is for. Say so: from which, to which."),
    "glossary.more_languages": _("{path} has more than two languages: {languages}. Say from which to which."),
    "glossary.empty": _("There is nothing in {path} that is a term or a pair. Nothing was changed."),
    "glossary.no_source": _("A term needs a word. Nothing was changed."),
    "glossary.no_translation": _(
        "“{term}” needs a translation, a forbidden word, or the mark that it is not translated. Nothing was changed."
    ),
    "glossary.keeps_and_translates": _(
        "“{term}” cannot have a translation and stay untranslated. Keep one of them. Nothing was changed."
    ),
    "glossary.too_long": _("A term has {most} characters at most. Nothing was changed."),
    "memory.known": _("“{source}” is in the memory already. Edit that entry instead. Nothing was changed."),
    "memory.empty": _("An entry of the memory needs both a sentence and its translation. Nothing was changed."),
    "translation.no_better": _("The model gave nothing that could be used. The segment stays as it was."),
    "translation.all_failed": _(
        "Nothing of it could be translated ({count} of {count} segments failed), so nothing was written. Try another "
        "model; “slmdesk models list” names those on this PC."
    ),
    "translation.already": _(
        "{name} is in {language} already. Choose another language to translate it into; if it is in another language "
        "than it seems, say which (--from)."
    ),
    "translation.source_unknown": _(
        "It could not be found out which language the source is in, so nothing can be put back into it. Choose that "
        "language and translate again."
    ),
    "translation.tags": _(
        "The mark <{tag}> of the formatting is {kind}. Each mark of the text must stand in the translation, once."
    ),
    "language.unknown": _("The language {wanted} is not known here. Known are: {known}."),
    "exam.pair": _(
        "There are no sentences in {language} to examine a model with, and from English it would be no translation. "
        "Choose another pair of languages."
    ),
    "language.same": _("The text is in {language} already. Choose another language to translate into."),
    "text.too_long": _("The text is longer than {limit}. Save it as a file, and translate that as a document."),
    "text.encoding": _(
        "The text that came is not UTF-8, so its letters cannot be told. Save it as a file, and translate that: its "
        "encoding is found out."
    ),
    "writing.empty": _("There is no text. Give a text with words in it."),
    "writing.too_long": _(
        "The text has {characters} characters, and {most} are the most that can be done at once. Nothing was cut or "
        "asked. Give it in parts."
    ),
    "writing.language": _("The language of the text could not be told. Name it, and try again."),
    "writing.encoding": _(
        "{path} is no text in UTF-8, so its letters cannot be told. Save it as UTF-8 or as a Word file, and try again."
    ),
    "writing.unknown_format": _("“{path}” cannot be opened as a text to write on. These can: {known}."),
    "writing.file_changed": _(
        "{path} was changed after it was opened here, so nothing was written. Save the text as a Word file of its own, "
        "or open {path} again."
    ),
    "writing.no_version": _(
        "The model gave nothing but the text itself. Your text is unchanged. Try another model, or say more in the "
        "text."
    ),
    "writing.not_shorter": _("The model could not shorten this. Try again, a part of the text, or another model."),
    "writing.not_longer": _(
        "The model could not make it longer. Your text is unchanged. Try another model, or say more in the text."
    ),
    # dictionaries
    "dictionary.none": _(
        "In {path} there is no dictionary. Wanted is a Hunspell dictionary: two files of the same name, one ending in "
        ".dic and one in .aff. Nothing was changed."
    ),
    "dictionary.damaged": _(
        "The dictionary {path} cannot be used ({reason}), so nothing is underlined in its language. Choose another in "
        "the settings."
    ),
    "dictionary.too_large": _(
        "The dictionary {path} has {bytes}; {limit} are the most that are read. Nothing is underlined in its language. "
        "Choose another in the settings."
    ),
    "document.stopped": _("Reading {path} was stopped before its end. Open it again to read it."),
    "versions.stopped": _("Comparing was stopped. Compare the two documents again when you want to."),
    "print.stopped": _("Making the PDF was stopped; nothing was written."),
    "document.reader_hung": _(
        "Reading {path} came to a standstill and was ended. The document may be damaged, or made to do harm; nothing "
        "else was touched."
    ),
    "document.no_page": _("{path} has no page {number}."),
    "document.changing": _("{path} is just being written. It is read when that is over."),
    "collection.unknown": _("There is no folder {id} here. “slmdesk documents folders” shows which there are."),
    "collection.empty": _("No document of the folder {name} has been read, so it cannot be asked."),
    "collection.no_folder": _("There is no folder {path}."),
    "collection.nested": _(
        "{path} and {other}, which is watched already, lie in one another, so each document would be there twice. "
        "Take the other one off the list first."
    ),
    "document.no_image": _("There is no picture of this page of {path}; its text can be shown."),
    # settings and network
    "statement.wrong": _("{path} is not to be relied on: {reason}."),
    "statement.key": _(
        "The key that signs statements cannot be used ({reason}), so no statement was made. Unlock the keyring of this "
        "account, or sign in at its desktop, and try again. “slmdesk statement --new-key” begins with a new key; tell "
        "those who noted the old one."
    ),
    "setting.invalid": _("The setting “{key}” has a value that cannot be used ({reason}). It was passed over."),
    "setting.managed": _("The setting “{key}” is set by your organisation and cannot be changed here."),
    "policy.invalid": _(
        "The policy file {path} of your organisation cannot be used ({reason}). slmdesk works offline until that is "
        "put right."
    ),
    "policy.key": _("The policy file {path} sets “{key}”, which this version does not know. It has no effect."),
    "feature.hidden": _("“{feature}” is switched off by your organisation."),
    "network.offline": _(
        "slmdesk is set to offline, so nothing was sent to {host}. Allow requests with “slmdesk network --offline "
        "off”, or with the switch in the window."
    ),
    "network.enforced": _(
        "The system keeps slmdesk offline until it is started again. To go online, switch that off first (Settings → "
        "Network → Enforce offline, or “slmdesk network --enforce off”), and start slmdesk again."
    ),
    "network.refused": _(
        "A connection to {host} was refused: it leads elsewhere than to the allowed hosts. Nothing was sent there."
    ),
    "network.failed": _("{host} could not be reached ({reason}). Nothing was lost. Try again later."),
    "network.tls": _(
        "{host} could not prove who it is ({reason}), so nothing was sent. Check the date of this PC; in a company, "
        "ask for its certificate file (CA) and name it in the settings."
    ),
    "network.proxy": _(
        "The proxy on the way to {host} refused ({reason}). Nothing was lost. Check it in the settings."
    ),
    "proxy.password": _(
        "The password of the proxy cannot be kept or read ({reason}). Nothing was sent. Name the proxy again, with its "
        "password, in the settings of the network."
    ),
    "network.login_page": _(
        "This network wants a login: a web page came where {host} should have answered. Open a browser, log in, and "
        "try again. Nothing of the page was kept."
    ),
    "network.redirects": _("{host} sends requests round in a circle. Nothing was lost. Try again later."),
    # the Hub and downloads
    "hub.missing": _("“{what}” is not on the Hub, or not for everybody. Check its name."),
    "hub.unauthorized": _("The Hub shows “{what}” to known users only, or has nothing of that name. Check the name."),
    "hub.forbidden": _("The Hub does not give out “{what}”."),
    "hub.gated": (
        _(
            "{repo} is gated: its publisher wants you to agree to terms first. Open its page, accept them, and give "
            "slmdesk your access token of the Hub."
        ),
        (
            "{repo} is gated: its publisher wants you to agree to terms first. Open huggingface.co/{repo} in a "
            "browser, accept them, make an access token in your Hub settings, keep it with “slmdesk network --token” "
            "or set HF_TOKEN to it, and try again."
        ),
    ),
    "hub.token_refused": _(
        "{host} did not accept the access token. It may be mistyped, out of date or taken back. Paste it again, or "
        "make a new one on the Hub under Settings, Access Tokens."
    ),
    "hub.not_admitted": _(
        "The access token is right, but its account may not read {repo} yet. Open its page with that account and "
        "accept the terms; some publishers answer only after a day or two."
    ),
    "token.invalid": _("This is no access token: {reason}. Nothing was changed."),
    "token.keyring": (
        _(
            "The system's keyring cannot be used ({reason}). The access token was neither kept nor read. Unlock it, "
            "or choose another place for the token."
        ),
        (
            "The system's keyring cannot be used ({reason}), so the token was neither kept nor read. Keep it in a "
            "file that only you can read (slmdesk network --token --token-place file), or set HF_TOKEN to it for one "
            "run."
        ),
    ),
    "hub.busy": _(
        "{host} has too many requests and asks to wait {wait_s} seconds. What came is kept. Try again later."
    ),
    "hub.error": _("{host} has a trouble of its own (error {status}). What came is kept. Try again later."),
    "hub.answer_invalid": _("{host} gave no sensible answer ({reason}). Nothing of it was kept. Try again later."),
    "hub.no_models": _("{repo} holds no model file that slmdesk can use (GGUF). Look for one whose name ends in GGUF."),
    "hub.no_file": _("{repo} has no file for “{wanted}”. It has: {known}."),
    "hub.no_chat": _("{repo} is not made for chatting. It has: {known}. Name a file to try it all the same."),
    "hub.several_files": _("{repo} has several files for “{wanted}”. Name one: {known}."),
    "hub.unverifiable": _("The Hub names no checksum for {name}, so it could not be verified. It was not fetched."),
    "download.cut": _("The connection ended before {name} was complete. What came is kept."),
    "download.changed": _("{name} has changed on the server since it was listed. Start the download again."),
    "download.damaged": (
        _(
            "{name} was damaged on the way or at its source: its checksum is not the published one. It is not used; "
            "the damaged file is kept aside and can be deleted."
        ),
        (
            "{name} was damaged on the way or at its source: its checksum is not the published one. It is not used; "
            "the damaged file is kept aside and can be deleted with “slmdesk models leftovers --remove all”."
        ),
    ),
    "download.wrong_size": _(
        "{name} is not what the Hub listed: {bytes} instead of {expected}. It was refused. Try again later, or choose "
        "another file."
    ),
    "download.started_over": _("{name} is fetched from its beginning: {reason}."),
    "download.gave_up": _(
        "{name} did not get on in {tries} tries ({reason}). {bytes} of {expected} are kept; start it again and it goes "
        "on from there."
    ),
    "download.unknown": _("There is no download “{id}”."),
    "download.offline": _("Waits: you work offline. It goes on as soon as the network is allowed."),
    "download.stopped": _("Another window or command has paused or cancelled this download, the job “{id}”."),
    # retention rules and holds
    "rule.unknown": _("There is no rule {id}. “slmdesk retention list” shows which there are."),
    "rule.managed": _("This rule is set by your organisation and cannot be changed here."),
    "hold.unknown": _("There is no hold {id}. “slmdesk retention list” shows which there are."),
    "hold.managed": _("This hold is set by your organisation and cannot be released here."),
    "hold.item": _("“{name}” is on hold ({who} set it), so nothing of it can be deleted. It is as it was."),
    "hold.document": _("The text of {name} is on hold, or something about it is. It is kept."),
    "hold.folder": _("The folder {name}, or a document in it, is on hold. It is as it was."),
    "hold.all": _(
        "Something here is on hold ({count} in all), and would be lost. Nothing was changed. What is held is shown in "
        "Settings, “Rules and holds”, and by “slmdesk retention list”."
    ),
    "retention.trashed": _("{what}, not changed for {days} days, moved to the trash. There until {until}."),
    "retention.deleted": _("{what}, not changed for {days} days, deleted for good, as your rules say."),
    "retention.clock": _(
        "The clock says {now}, but slmdesk was last used on {last}. Until you confirm the date, no rule deletes "
        "anything: Settings, “Rules and holds”, or slmdesk retention run --yes."
    ),
    # jobs
    "job.unknown": _("There is no job “{id}”."),
    "job.ended": _("The job “{id}” has ended already ({status}). What it did is kept."),
    "job.running": _("Jobs are running ({count}). Pause or cancel them first. Nothing was deleted."),
    "job.elsewhere": _("The job “{id}” is run by another window or command. Pause it there, or here, first."),
}

_DEATHS: Mapping[str, str] = {
    "aborted": _("The model's process ended itself because of something in the model file"),
    "segfault": _("The model's process crashed with a memory error"),
    "bus": _("The model's process crashed because the model file changed or vanished while it was read"),
    "illegal_instruction": _("The model's process uses an instruction that this processor ({detail}) does not know"),
    "killed": _("The model stopped unexpectedly"),
    "out_of_memory": _("The model's process was ended because the memory ran out"),
    "ended": _("The model's process ended without being asked"),
    "exited": _("The model's process ended with an error of its own ({detail})"),
    "start_failed": _("The model's process could not be started ({detail})"),
    "cancel_ignored": _("The model's process did not stop when asked and was ended"),
    "hung": _("The model's process did not answer and was ended"),
    "protocol": _("The model's process sent what could not be understood and was ended"),
}

KINDS: Mapping[str, str] = {
    "adapter": _("an adapter, which only works together with its model"),
    "projector": _("a projector, the image part of a model, which only works together with it"),
    "imatrix": _("an importance matrix, a helper for making models"),
    "vocabulary": _("a vocabulary without weights"),
    "encoder": _("an encoder, which makes vectors and cannot chat"),
    "head": _("a draft head, which guesses ahead for a model and only works together with it"),
    "reranker": _("a reranker, which sorts search results and cannot chat"),
    "speech": _("a model for speech or a part of one, which cannot chat"),
    "picture": _("a model for pictures or a part of one, which cannot chat"),
    "unknown": _("a file of an unknown kind"),
    "part": _("a part of another model, which only works together with it"),
    "split": _("one part of a model that was split; join the parts first"),
}
"""What a file is that is no model to chat with, by kind; see GgufHeader."""


def _death(words: Mapping[str, str]) -> str:
    how = _DEATHS.get(words["how"], _("The model's process ended unexpectedly"))
    return f"{how.format(detail=words['detail'])}. {TRY_AGAIN}"


_READER_DEATHS: Mapping[str, str] = {
    "out_of_memory": _("it needs more memory than a document may have"),
    "killed": _("the system ended the process that reads it, most likely for want of memory"),
    "start_failed": _("the process that reads documents could not be started"),
    "protocol": _("the process that reads it sent more than such a file holds, or what could not be understood"),
}


def _reader_death(words: Mapping[str, str]) -> str:
    why = _READER_DEATHS.get(words["how"], _("the process that reads it ended unexpectedly"))
    return _("The document {path} could not be read: {why}. Other documents are not touched by that.").format(
        path=words["path"], why=why
    )


def _wrong_kind(words: Mapping[str, str]) -> str:
    kind = KINDS.get(words["kind"], _("a file of the kind “{kind}”").format(kind=words["kind"]))
    return _("This file is no chat model: it is {kind}. Choose a model for chatting.").format(kind=kind)


def _instead(words: Mapping[str, str]) -> str:
    kind = KINDS.get(words["kind"], words["kind"])
    return _("{name} is {kind}. Another file is fetched instead.").format(name=words["name"], kind=kind)


def _companion(words: Mapping[str, str]) -> str:
    what = _("{name} is {kind}.").format(name=words["name"], kind=KINDS.get(words["kind"], words["kind"]))
    model = _("Fetch its model instead: {model}.").format(model=words["model"]) if words["model"] else ""
    return f"{what} {model}".rstrip()


def _incomplete(words: Mapping[str, str]) -> str:
    how_much = _("{bytes} of {expected} are there").format(bytes=words["bytes"], expected=words["expected"])
    if words["at_least"] == "1":  # what is missing of the header would say how large the file should be
        how_much = _("it ends inside its header, after {bytes}").format(bytes=words["bytes"])
    return _("The model file {path} is incomplete: {how_much}. Fetch or copy it again.").format(
        path=words["path"], how_much=how_much
    )


def _unknown_item(words: Mapping[str, str]) -> str:
    if "id" not in words:
        return _("No id was given. Choose a chat of the history.")
    return _("Nothing in the history has the id “{id}”.").format(id=words["id"])


def _replaced(words: Mapping[str, str]) -> str:
    if words["count"] == "1":
        return _("1 character that cannot be stored was replaced by the sign \ufffd.")
    return _("{count} characters that cannot be stored were replaced by the sign \ufffd.").format(count=words["count"])


def _no_columns(words: Mapping[str, str]) -> str:
    there = _(" Its first row has: {columns}.").format(columns=words["columns"]) if "columns" in words else ""
    return _(
        "{path} cannot be read as a glossary. It wants a table with a column of terms (“source”) and one of "
        "their translations (“target”), or a TBX file.{there}"
    ).format(path=words["path"], there=there)


MADE: Mapping[str, tuple[Callable[[Mapping[str, str]], str], tuple[str, ...]]] = {
    "child.died": (
        _death,
        (
            "how",
            "detail",
        ),
    ),
    "document.reader_died": (
        _reader_death,
        (
            "path",
            "how",
        ),
    ),
    "glossary.no_columns": (
        _no_columns,
        (
            "path",
            "columns",
        ),
    ),
    "item.unknown": (_unknown_item, ("id",)),
    "model.incomplete": (
        _incomplete,
        (
            "path",
            "bytes",
            "expected",
            "at_least",
        ),
    ),
    "model.wrong_kind": (_wrong_kind, ("kind",)),
    "download.instead": (_instead, ("name", "kind")),
    "hub.companion": (_companion, ("name", "kind", "model")),
    "text.replaced": (_replaced, ("count",)),
}
"""Sentences that a function builds from the arguments, with the names of these arguments."""

SENTENCES = MappingProxyType(
    {code: words if isinstance(words, str) else words[0] for code, words in _SENTENCES.items()}
)
FOR_COMMANDS = MappingProxyType({code: words[1] for code, words in _SENTENCES.items() if not isinstance(words, str)})


def _names_in(sentence: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(field[1] for field in Formatter().parse(sentence) if field[1]))


CODES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {code: _names_in(sentence) for code, sentence in SENTENCES.items()}
    | {code: names for code, (__, names) in MADE.items()}
)
"""Names of the arguments of each code."""
