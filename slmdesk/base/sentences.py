"""Every error code that may cross a layer or the pipe, with its sentence: what happened, what was kept, what to do now.

Codes are only ever added; the arguments of each are the names in braces.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from string import Formatter
from types import MappingProxyType

from slmdesk.base.errors import BUG_CODE

TRY_AGAIN = "Your text is safe. “Try again” starts the answer anew."

_SENTENCES: Mapping[str, str | tuple[str, str]] = {
    # of two sentences the second is for the command line, where the first names a way out that only the window has
    BUG_CODE: "Something went wrong inside slmdesk. What was saved is safe. The details can be copied for a report.",
    # what was asked
    "request.invalid": "This request could not be understood ({what}). Nothing was changed.",
    "context.full": (
        "This chat needs {needed} tokens and the model can see {available}. Nothing was cut or sent, and your message "
        "is kept; later ones leave it out. Start a new chat, have the oldest turns left out, or load the model with a "
        "larger context."
    ),
    "context.too_small": (
        "A part of the document needs {needed} tokens and the model can see {available} at once. Nothing was cut. Set "
        "a larger context in the settings, or choose a model with one, and begin again."
    ),
    "grammar.invalid": (
        "The form that answers are bound to cannot be used: {reason}. Nothing was sent or changed. Correct it, or ask "
        "without it."
    ),
    # models and their files
    "model.missing": "The model file {path} is not there. The chats are kept. Put it back or choose another model.",
    "model.unreadable": "The model file {path} cannot be read ({reason}). Check its permissions or choose another.",
    "model.not_gguf": "{path} is not a GGUF model file; it looks like {looks_like}. Choose a file in the GGUF format.",
    "model.not_converted": (
        "The model could not be made in another format ({reason}). The published file is unchanged."
    ),
    "measuring.twice": "Models are being compared or measured already. Wait until that has ended, or stop it.",
    "measuring.answer": "An answer is being written. Measure when it has ended.",
    "formats.battery": "This PC runs on battery, where measurements mislead. Plug it in and try again.",
    "formats.busy": "Another window or command tries formats of a model just now. Wait until it has ended.",
    "formats.noisy": (
        "Other programs use the processor, so that nothing can be compared. Close them, or measure again later."
    ),
    "formats.no_copy": "There is no copy of {name} in another format on this PC. Make one first.",
    "model.damaged": "This model file is damaged ({reason}). The chats are kept. Fetch or copy the model again.",
    "model.changed": (
        "The model file {path} has changed since it was checked, so it was not loaded. Import it again if the change "
        "was meant."
    ),
    "model.unsupported": (
        "Models of the kind “{architecture}” are not supported by this version. Choose another model."
    ),
    "model.out_of_memory": (
        "This model needs {needed_bytes} of memory and {available_bytes} are free. Close other programs, lower the "
        "context size in the settings, or choose a smaller model."
    ),
    "model.template_unusable": (
        "The chat format inside this model file cannot be used ({reason}). A built-in format is used instead."
    ),
    "model.not_loaded": "The model is not loaded any more. “Try again” loads it.",
    "model.noise": (
        "“{name}” does not behave like a language model: in a short test it made nothing of plain sentences. Its "
        "answers are probably nonsense. The file may be damaged: fetch or copy it again, or choose another model."
    ),
    "model.card_crashed": (
        "The model's process ended unexpectedly while “{name}” was on the graphics card {card}, so this model is used "
        "without the card from now on. To try the card again, set “Graphics card” in the settings to Off, then back to "
        "Automatic."
    ),
    "model.crashes": (
        (
            "The model “{name}” has crashed {times} times, so it is not started by itself any more. The chats are "
            "kept. Choose it in the list of models to try once more, or choose another."
        ),
        (
            "The model “{name}” has crashed {times} times, so it is not started by itself any more. The chats are "
            "kept. Name it with “-m ID” to try once more, or choose another; “slmdesk models list” shows them."
        ),
    ),
    "model.unknown": "No model is called “{wanted}”. There are: {known}.",
    "model.none": "There is no model yet. Add a model file (GGUF) first.",
    "model.several": "There are several models and none was used yet. Choose one: {known}.",
    "model.wrong_job": "“{name}” cannot be used for {job}: it is a model of another kind. Choose another one.",
    "model.parts_missing": (
        "This model lies in {count} parts, and {missing} of them are not beside it: {names}. Put all parts into one "
        "folder and add it again."
    ),
    "model.parts_linked": (
        "This model lies in {count} parts, which are put together into one file. Copy it in; it cannot be linked."
    ),
    "model.none_found": "There is no model file (.gguf) in {path}.",
    "model.name_taken": "Another model ({id}) is called “{name}” already. Nothing was changed. Choose another name.",
    "model.shared": (
        "“{name}” lies in your organisation's folder {path} and is there for everybody, so it cannot be removed here. "
        "Nothing was changed."
    ),
    # packs of models
    "pack.invalid": "{path} is no pack of models that can be used: {reason}. Nothing of it was kept.",
    "pack.newer": (
        "The pack {path} was made by a newer version of slmdesk (format {version}). Nothing of it was kept. Use that "
        "version or a newer one."
    ),
    "pack.damaged": (
        "The pack {path} is damaged: {name} is not what its list says. Nothing of it was kept. Copy the pack again."
    ),
    "pack.incomplete": (
        "The pack {path} is not what its list says: {bytes} are there instead of {expected}. Nothing of it was kept. "
        "Copy the pack again."
    ),
    "pack.other": (
        "The pack {path} is not the one you were told of: the checksum of its list is {sha256}. Nothing of it was kept."
    ),
    "pack.no_model": "The pack has no model “{wanted}”. It has: {known}. Nothing of it was kept.",
    # the folder of models
    "move.not_empty": (
        "The folder {path} is not empty (it holds “{name}”), and the models are kept in one of their own. Nothing was "
        "moved. Choose an empty folder or a new one."
    ),
    "move.inside": (
        "{path} lies inside {other}, where the models are now. Nothing was moved. Choose a folder outside of it."
    ),
    "move.same": "The models are in {path} already. Nothing was moved.",
    "move.busy": "The models cannot be moved now: {reason}. Nothing was moved. Try again afterwards.",
    "move.failed": (
        "The models could not be moved: {path} cannot be reached or read any more ({reason}). They are where they "
        "were. Check the disk, then try again."
    ),
    "move.undone": (
        "Moving the models to {path} was interrupted. They are where they were and can be used; what was copied is "
        "removed. Move them again when you like."
    ),
    # LoRA adapters
    "adapter.other_model": (
        "The adapter “{adapter}” was made for another model than {model}: {reason}. Choose another adapter, or none, "
        "in the settings of this chat."
    ),
    "adapter.unusable": (
        "The adapter “{adapter}” cannot be used: {reason}. Choose another, or none, in the settings of this chat."
    ),
    "adapter.gone": (
        "The adapter of this chat is no longer in the library. Choose another, or none, in the settings of this chat."
    ),
    # children
    "child.hung": (f"The model's process did not answer for {{seconds}} seconds and was ended. {TRY_AGAIN}"),
    "child.start_failed": "The model's process could not be started ({reason}). The chats are kept.",
    "child.protocol": (
        f"The model's process sent what could not be understood ({{reason}}) and was ended. {TRY_AGAIN}"
    ),
    # files and disk
    "file.missing": "The file {path} is not there.",
    "file.unreadable": "The file {path} cannot be read ({reason}).",
    "file.is_source": (
        "{path} is the document itself, which is never written over. Nothing was changed. Choose another name."
    ),
    "file.exists": "The file {path} is already there and was not touched. Choose another name.",
    "file.unwritable": "The file {path} cannot be written ({reason}). Choose another place.",
    "disk.full": (
        "Not enough space on the disk for {path}: {needed_bytes} are needed, {available_bytes} are free. Make space "
        "and try again."
    ),
    # where the history lies
    "home.open": (
        "Others who use this PC, or get hold of its disk, may be able to read {path}: that disk keeps no rights for "
        "files. Confidential texts are safer on another disk, or on an encrypted one."
    ),
    "home.network": (
        "{path} is on a network drive ({kind}). Whoever runs that server can read it. Open it on one PC at a time: two "
        "at once could damage the history."
    ),
    "home.synced": (
        "{path} lies in a folder that {service} copies to other places, so your texts go there too, even while slmdesk "
        "works offline. Open it on one PC at a time: two at once could damage the history."
    ),
    # store
    "store.damaged": (
        (
            "The history could not be read. It was set aside unchanged as {path}, and a new one was started. What can"
            " still be read of it can be rescued."
        ),
        (
            "The history could not be read. It was set aside unchanged, and a new one was started. What can still be "
            "read of it is taken over by: slmdesk history rescue {path}"
        ),
    ),
    "store.newer": (
        "The history {path} was made by a newer version of slmdesk (format {version}). Nothing was touched. Use that "
        "version or a newer one."
    ),
    "store.busy": "The history is in use by another program for longer than usual. Nothing was lost. Try again.",
    "store.full": (
        "The disk is full, so this could not be saved. The text stays here and is saved as soon as there is space.",
        "The disk is full, so nothing can be saved. Make space and try again.",
    ),
    "store.read_only": "The history {path} cannot be written. It can be read, but nothing new is saved.",
    "store.in_use": "The history is open elsewhere. Close the other window or command first.",
    "store.copies_left": (
        "The copies of the history in {path} could not be made anew: the disk is full or cannot be written. They are "
        "as they were before. The next start tries again."
    ),
    "backup.unusable": "{path} cannot be restored: {reason}. Nothing was changed. Choose another backup.",
    # keys of an encrypted history
    "key.missing": (
        (
            "This is encrypted, and this account holds no key to it. Nothing was touched. The passphrase or the "
            "recovery key opens it."
        ),
        (
            "This is encrypted, and no key to it was given. Nothing was touched. The passphrase or the recovery key "
            "opens it: type it on a terminal, or have it read with “slmdesk --passphrase-fd N …”."
        ),
    ),
    "key.wrong": "That does not open it. Nothing was touched. Try again, or use the other: passphrase or recovery key.",
    "key.mistyped": "This recovery key has a typing error. Compare it with the paper, sign by sign, and try again.",
    "key.file_damaged": (
        "The file of keys {path} is missing, damaged or that of another history, and so is its copy. Nothing was "
        "touched. Put it back from a backup: encrypted backups of slmdesk have it in them."
    ),
    "key.keyring": (
        "The system's keyring cannot be used ({reason}). Nothing was changed. Unlock it and try again, or go on "
        "without it."
    ),
    "key.library_missing": (
        "Encryption needs the library “{library}”, which is not installed here. Nothing was touched. Install slmdesk "
        "with the extra “encrypt”."
    ),
    "lock.plain": (
        "This history is not encrypted, so locking it would protect nothing. Encrypt it first; the window then locks."
    ),
    "lock.silent": "The window does not answer. Close it, or end its process, to be sure.",
    "encryption.required": (
        "Your organisation wants the history encrypted: “slmdesk encrypt on” does that. It cannot be decrypted here."
    ),
    "encryption.plain": "Your organisation has switched off copies of the history without encryption.",
    # documents
    "document.unknown_format": "Files of the kind “{suffix}” cannot be read. These can: {known}.",
    "document.unreadable": "The document {path} cannot be read ({reason}).",
    "document.too_large": "The document {path} is too large: {bytes}; the limit is {limit}.",
    "document.binary": "{path} is no document: a program, a picture or an archive. Nothing of it was read.",
    "document.bomb": "{path} would become far too large when unpacked. It was not read any further.",
    "document.damaged": "The document {path} is damaged and cannot be opened ({reason}).",
    "document.empty": "The file {name} is empty (0 bytes).",
    "document.locked": (
        (
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
    "document.wrong_password": "That is not the password of {path}.",
    "document.too_many_pages": "The document {path} has {pages} pages; the limit is {limit}.",
    "document.not_read": "{path} is still being read. Wait until it is there, and try again.",
    "document.unknown": "There is no document {id} here.",
    "document.no_redactor": "{path} cannot be given out redacted in its own format. These can: {known}.",
    "redaction.left": (
        "Of the words to be removed, {count} could still be found in what was made of {path} ({place}). Nothing was "
        "written. Remove that part in the program the document was made with, and try again."
    ),
    "redaction.nothing": "There are no words to remove from {path}. Nothing was written.",
    "redaction.conflict": "What would stand for a word holds another that is to be removed: {words}. Leave it out.",
    "redaction.changed": "{path} has changed since it was looked through. Nothing was written; look through it again.",
    "redaction.key_wrong": "That is not the passphrase of the key file {path}, or the file was changed.",
    "redaction.key_damaged": "{path} is no key file of slmdesk, or it is damaged.",
    "document.no_column": "{path} has no column “{column}”. Its first row has: {known}.",
    "document.no_rewriter": "{path} cannot be translated in its own format. These can: {known}.",
    "document.none_translatable": "There is nothing in {name} that can be translated. These formats can: {known}.",
    "document.too_many": "These are {count} documents; {limit} can be begun at once. Drop fewer.",
    "document.changed": "{path} has changed since it was translated. Translate it again; what did not change is kept.",
    "chats.unknown": (
        "There are no chats in {path} that slmdesk can read. It reads exports of slmdesk, ChatGPT, Open WebUI, LM "
        "Studio, Jan and Cherry Studio."
    ),
    "chats.unreadable": "The chats in {path} cannot be read: {reason}.",
    "chats.broken": "{path} was not read to its end: {reason}. The chats before that place were imported.",
    "chats.not_searched": "Not all of {path} was searched: {reason}.",
    "redaction.ambiguous": "One substitute would stand for two things. Nothing was sent.",
    "redaction.no_substitute": "There is no free substitute left for something in this text. Nothing was sent.",
    "redaction.not_reversible": (
        "“{words}” could not be put back letter for letter, so nothing was sent. Leave one of these finds as it is, or "
        "send the text as it is."
    ),
    "redaction.still_there": (
        "“{words}” would still stand in what the model sees, so nothing was sent. Mark whole words, or send the text "
        "as it is."
    ),
    "preset.unknown": "There is no preset “{id}” of yours here.",
    "preset.invalid": "{path} cannot be read as a preset: {reason}. Nothing was changed.",
    "space.unknown": "There is no space “{id}” here.",
    "glossary.unknown": "There is no glossary {id} here.",
    "glossary.no_languages": "{path} does not say which languages it is for. Say so: from which, to which.",
    "glossary.more_languages": "{path} has more than two languages: {languages}. Say from which to which.",
    "glossary.empty": "There is nothing in {path} that is a term or a pair. Nothing was changed.",
    "glossary.no_source": "A term needs a word. Nothing was changed.",
    "glossary.no_translation": (
        "“{term}” needs a translation, a forbidden word, or the mark that it is not translated. Nothing was changed."
    ),
    "glossary.keeps_and_translates": (
        "“{term}” cannot have a translation and stay untranslated. Keep one of them. Nothing was changed."
    ),
    "glossary.too_long": "A term has {most} characters at most. Nothing was changed.",
    "memory.known": "“{source}” is in the memory already. Edit that entry instead. Nothing was changed.",
    "memory.empty": "An entry of the memory needs both a sentence and its translation. Nothing was changed.",
    "translation.no_better": "The model gave nothing that could be used. The segment stays as it was.",
    "translation.all_failed": (
        "Nothing of it could be translated ({count} of {count} segments failed), so nothing was written. Try another "
        "model; “slmdesk models list” names those on this PC."
    ),
    "translation.already": (
        "{name} is in {language} already. Choose another language to translate it into; if it is in another language "
        "than it seems, say which (--from)."
    ),
    "translation.source_unknown": (
        "It could not be found out which language the source is in, so nothing can be put back into it. Choose that "
        "language and translate again."
    ),
    "translation.tags": (
        "The mark <{tag}> of the formatting is {kind}. Each mark of the text must stand in the translation, once."
    ),
    "language.unknown": "The language {wanted} is not known here. Known are: {known}.",
    "exam.pair": (
        "There are no sentences in {language} to examine a model with, and from English it would be no translation. "
        "Choose another pair of languages."
    ),
    "language.same": "The text is in {language} already. Choose another language to translate into.",
    "text.too_long": "The text is longer than {limit}. Save it as a file, and translate that as a document.",
    "text.encoding": (
        "The text that came is not UTF-8, so its letters cannot be told. Save it as a file, and translate that: its "
        "encoding is found out."
    ),
    "writing.empty": "There is no text. Give a text with words in it.",
    "writing.too_long": (
        "The text has {characters} characters, and {most} are the most that can be done at once. Nothing was cut or "
        "asked. Give it in parts."
    ),
    "writing.language": "The language of the text could not be told. Name it, and try again.",
    "writing.encoding": (
        "{path} is no text in UTF-8, so its letters cannot be told. Save it as UTF-8 or as a Word file, and try again."
    ),
    "writing.unknown_format": "“{path}” cannot be opened as a text to write on. These can: {known}.",
    "writing.file_changed": (
        "{path} was changed after it was opened here, so nothing was written. Save the text as a Word file of its own, "
        "or open {path} again."
    ),
    "writing.no_version": (
        "The model gave nothing but the text itself. Your text is unchanged. Try another model, or say more in the "
        "text."
    ),
    "writing.not_shorter": (
        "The model could not shorten it. Your text is unchanged. Try another model, or a part of the text."
    ),
    "writing.not_longer": (
        "The model could not make it longer. Your text is unchanged. Try another model, or say more in the text."
    ),
    # dictionaries
    "dictionary.none": (
        "In {path} there is no dictionary. Wanted is a Hunspell dictionary: two files of the same name, one ending in "
        ".dic and one in .aff. Nothing was changed."
    ),
    "dictionary.damaged": (
        "The dictionary {path} cannot be used ({reason}), so nothing is underlined in its language. Choose another in "
        "the settings."
    ),
    "dictionary.too_large": (
        "The dictionary {path} has {bytes}; {limit} are the most that are read. Nothing is underlined in its language. "
        "Choose another in the settings."
    ),
    "document.stopped": "Reading {path} was stopped before its end. Open it again to read it.",
    "versions.stopped": "Comparing was stopped. Compare the two documents again when you want to.",
    "print.stopped": "Making the PDF was stopped; nothing was written.",
    "document.reader_hung": (
        "Reading {path} came to a standstill and was ended. The document may be damaged, or made to do harm; nothing "
        "else was touched."
    ),
    "document.no_page": "{path} has no page {number}.",
    "document.changing": "{path} is just being written. It is read when that is over.",
    "collection.unknown": "There is no folder {id} here. “slmdesk documents folders” shows which there are.",
    "collection.empty": "No document of the folder {name} has been read, so it cannot be asked.",
    "collection.no_folder": "There is no folder {path}.",
    "collection.nested": (
        "{path} and {other}, which is watched already, lie in one another, so each document would be there twice. "
        "Take the other one off the list first."
    ),
    "document.no_image": "There is no picture of this page of {path}; its text can be shown.",
    # settings and network
    "statement.wrong": "{path} is not to be relied on: {reason}.",
    "statement.key": (
        "The key that signs statements cannot be used ({reason}), so no statement was made. Unlock the keyring of this "
        "account, or sign in at its desktop, and try again. “slmdesk statement --new-key” begins with a new key; tell "
        "those who noted the old one."
    ),
    "setting.invalid": "The setting “{key}” has a value that cannot be used ({reason}). It was passed over.",
    "setting.managed": "The setting “{key}” is set by your organisation and cannot be changed here.",
    "policy.invalid": (
        "The policy file {path} of your organisation cannot be used ({reason}). slmdesk works offline until that is "
        "put right."
    ),
    "policy.key": "The policy file {path} sets “{key}”, which this version does not know. It has no effect.",
    "feature.hidden": "“{feature}” is switched off by your organisation.",
    "network.offline": (
        "slmdesk is set to offline, so nothing was sent to {host}. Allow requests with “slmdesk network --offline "
        "off”, or with the switch in the window."
    ),
    "network.enforced": (
        "The system keeps slmdesk offline until it is started again. To go online, switch that off first (Settings → "
        "Network → Enforce offline, or “slmdesk network --enforce off”), and start slmdesk again."
    ),
    "network.refused": (
        "A connection to {host} was refused: it leads elsewhere than to the allowed hosts. Nothing was sent there."
    ),
    "network.failed": "{host} could not be reached ({reason}). Nothing was lost. Try again later.",
    "network.tls": (
        "{host} could not prove who it is ({reason}), so nothing was sent. Check the date of this PC; in a company, "
        "ask for its certificate file (CA) and name it in the settings."
    ),
    "network.proxy": "The proxy on the way to {host} refused ({reason}). Nothing was lost. Check it in the settings.",
    "proxy.password": (
        "The password of the proxy cannot be kept or read ({reason}). Nothing was sent. Name the proxy again, with its "
        "password, in the settings of the network."
    ),
    "network.login_page": (
        "This network wants a login: a web page came where {host} should have answered. Open a browser, log in, and "
        "try again. Nothing of the page was kept."
    ),
    "network.redirects": "{host} sends requests round in a circle. Nothing was lost. Try again later.",
    # the Hub and downloads
    "hub.missing": "“{what}” is not on the Hub, or not for everybody. Check its name.",
    "hub.unauthorized": "The Hub shows “{what}” to known users only, or has nothing of that name. Check the name.",
    "hub.forbidden": "The Hub does not give out “{what}”.",
    "hub.gated": (
        (
            "{repo} is gated: its publisher wants you to agree to terms first. Open its page, accept them, and give "
            "slmdesk your access token of the Hub."
        ),
        (
            "{repo} is gated: its publisher wants you to agree to terms first. Open huggingface.co/{repo} in a "
            "browser, accept them, make an access token in your Hub settings, keep it with “slmdesk network --token” "
            "or set HF_TOKEN to it, and try again."
        ),
    ),
    "hub.token_refused": (
        "{host} did not accept the access token. It may be mistyped, out of date or taken back. Paste it again, or "
        "make a new one on the Hub under Settings, Access Tokens."
    ),
    "hub.not_admitted": (
        "The access token is right, but its account may not read {repo} yet. Open its page with that account and "
        "accept the terms; some publishers answer only after a day or two."
    ),
    "token.invalid": "This is no access token: {reason}. Nothing was changed.",
    "token.keyring": (
        (
            "The system's keyring cannot be used ({reason}). The access token was neither kept nor read. Unlock it, "
            "or choose another place for the token."
        ),
        (
            "The system's keyring cannot be used ({reason}), so the token was neither kept nor read. Keep it in a "
            "file that only you can read (slmdesk network --token --token-place file), or set HF_TOKEN to it for one "
            "run."
        ),
    ),
    "hub.busy": "{host} has too many requests and asks to wait {wait_s} seconds. What came is kept. Try again later.",
    "hub.error": "{host} has a trouble of its own (error {status}). What came is kept. Try again later.",
    "hub.answer_invalid": "{host} gave no sensible answer ({reason}). Nothing of it was kept. Try again later.",
    "hub.no_models": "{repo} holds no model file that slmdesk can use (GGUF). Look for one whose name ends in GGUF.",
    "hub.no_file": "{repo} has no file for “{wanted}”. It has: {known}.",
    "hub.several_files": "{repo} has several files for “{wanted}”. Name one: {known}.",
    "hub.unverifiable": "The Hub names no checksum for {name}, so it could not be verified. It was not fetched.",
    "download.cut": "The connection ended before {name} was complete. What came is kept.",
    "download.changed": "{name} has changed on the server since it was listed. Start the download again.",
    "download.damaged": (
        (
            "{name} was damaged on the way or at its source: its checksum is not the published one. It is not used; "
            "the damaged file is kept aside and can be deleted."
        ),
        (
            "{name} was damaged on the way or at its source: its checksum is not the published one. It is not used; "
            "the damaged file is kept aside and can be deleted with “slmdesk models leftovers --remove all”."
        ),
    ),
    "download.wrong_size": (
        "{name} is not what the Hub listed: {bytes} instead of {expected}. It was refused. Try again later, or choose "
        "another file."
    ),
    "download.started_over": "{name} is fetched from its beginning: {reason}.",
    "download.gave_up": (
        "{name} did not get on in {tries} tries ({reason}). {bytes} of {expected} are kept; start it again and it goes "
        "on from there."
    ),
    "download.unknown": "There is no download “{id}”.",
    "download.offline": "Waits: you work offline. It goes on as soon as the network is allowed.",
    "download.stopped": "Another window or command has paused or cancelled this download, the job “{id}”.",
    # how long things are kept
    "rule.unknown": "There is no rule {id}. “slmdesk retention list” shows which there are.",
    "rule.managed": "This rule is set by your organisation and cannot be changed here.",
    "hold.unknown": "There is no hold {id}. “slmdesk retention list” shows which there are.",
    "hold.managed": "This hold is set by your organisation and cannot be released here.",
    "hold.item": "“{name}” is on hold ({who} set it), so nothing of it can be deleted. It is as it was.",
    "hold.document": "The text of {name} is on hold, or something about it is. It is kept.",
    "hold.folder": "The folder {name}, or a document in it, is on hold. It is as it was.",
    "hold.all": (
        "Something here is on hold ({count} in all), and would be lost. Nothing was changed. What is held is shown in "
        "Settings, “Rules and holds”, and by “slmdesk retention list”."
    ),
    "retention.trashed": "{what}, not changed for {days} days, moved to the trash. There until {until}.",
    "retention.deleted": "{what}, not changed for {days} days, deleted for good, as your rules say.",
    "retention.clock": (
        "The clock says {now}, but slmdesk was last used on {last}. Until you confirm the date, no rule deletes "
        "anything: Settings, “Rules and holds”, or slmdesk retention run --yes."
    ),
    # jobs
    "job.unknown": "There is no job “{id}”.",
    "job.ended": "The job “{id}” has ended already ({status}). What it did is kept.",
    "job.running": "Jobs are running ({count}). Pause or cancel them first. Nothing was deleted.",
    "job.elsewhere": "The job “{id}” is run by another window or command. Pause it there, or here, first.",
}

_DEATHS: Mapping[str, str] = {
    "aborted": "The model's process ended itself because of something in the model file",
    "segfault": "The model's process crashed with a memory error",
    "bus": "The model's process crashed because the model file changed or vanished while it was read",
    "illegal_instruction": "The model's process uses an instruction that this processor ({detail}) does not know",
    "killed": "The model stopped unexpectedly",
    "out_of_memory": "The model's process was ended because the memory ran out",
    "ended": "The model's process ended without being asked",
    "exited": "The model's process ended with an error of its own ({detail})",
    "start_failed": "The model's process could not be started ({detail})",
    "cancel_ignored": "The model's process did not stop when asked and was ended",
    "hung": "The model's process did not answer and was ended",
    "protocol": "The model's process sent what could not be understood and was ended",
}

_KINDS: Mapping[str, str] = {
    "adapter": "an adapter, which only works together with its model",
    "projector": "the image part of a model, which only works together with it",
    "imatrix": "an importance matrix, a helper for making models",
    "vocabulary": "a vocabulary without weights",
    "encoder": "an encoder, which makes vectors and cannot chat",
    "head": "a draft head, which guesses ahead for a model and only works together with it",
    "split": "one part of a model that was split; join the parts first",
}


def _death(words: Mapping[str, str]) -> str:
    how = _DEATHS.get(words["how"], "The model's process ended unexpectedly")
    return f"{how.format(detail=words['detail'])}. {TRY_AGAIN}"


_READER_DEATHS: Mapping[str, str] = {
    "out_of_memory": "it needs more memory than a document may have",
    "killed": "the system ended the process that reads it, most likely for want of memory",
    "start_failed": "the process that reads documents could not be started",
    "protocol": "the process that reads it said what could not be understood",
}


def _reader_death(words: Mapping[str, str]) -> str:
    why = _READER_DEATHS.get(words["how"], "the process that reads it ended unexpectedly")
    return f"The document {words['path']} could not be read: {why}. Other documents are not touched by that."


def _wrong_kind(words: Mapping[str, str]) -> str:
    kind = _KINDS.get(words["kind"], f"a file of the kind “{words['kind']}”")
    return f"This file is no chat model: it is {kind}. Choose a model for chatting."


def _incomplete(words: Mapping[str, str]) -> str:
    how_much = f"{words['bytes']} of {words['expected']} are there"
    if words["at_least"] == "1":  # what is missing of the header would say how large the file should be
        how_much = f"it ends inside its header, after {words['bytes']}"
    return f"The model file {words['path']} is incomplete: {how_much}. Fetch or copy it again."


def _unknown_item(words: Mapping[str, str]) -> str:
    if "id" not in words:
        return "No id was given. Choose a chat of the history."
    return f"Nothing in the history has the id “{words['id']}”."


def _replaced(words: Mapping[str, str]) -> str:
    if words["count"] == "1":
        return "1 character that cannot be stored was replaced by the sign \ufffd."
    return f"{words['count']} characters that cannot be stored were replaced by the sign \ufffd."


def _no_columns(words: Mapping[str, str]) -> str:
    there = f" Its first row has: {words['columns']}." if "columns" in words else ""
    return (
        f"{words['path']} cannot be read as a glossary. It wants a table with a column of terms (“source”) and one of "
        f"their translations (“target”), or a TBX file.{there}"
    )


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
    "text.replaced": (_replaced, ("count",)),
}
"""Sentences that are made of their arguments, with the names of these."""

SENTENCES = MappingProxyType(
    {code: words if isinstance(words, str) else words[0] for code, words in _SENTENCES.items()}
)
FOR_COMMANDS = MappingProxyType({code: words[1] for code, words in _SENTENCES.items() if not isinstance(words, str)})


def _names_in(sentence: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for _, name, _, _ in Formatter().parse(sentence) if name))


CODES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {code: _names_in(sentence) for code, sentence in SENTENCES.items()}
    | {code: names for code, (_, names) in MADE.items()}
)
"""The names of the arguments of each code."""
