"""All error codes that a service or child process may report, each with its sentence: what happened, what was kept,
what to do now.

Codes are only ever added. The arguments of a code are the names in braces.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from string import Formatter
from types import MappingProxyType

from slmdesk.base.errors import BUG_CODE
from slmdesk.base.texts import N_, _

TRY_AGAIN = N_("Your text is safe. Continue, or try again.")

_SENTENCES: Mapping[str, str | tuple[str, str]] = {
    # if a code has two sentences, the second is for the command line: the first names a way out only the window has
    BUG_CODE: N_(
        "Something went wrong inside slmdesk. What was saved is safe. The details can be copied for a report."
    ),
    # invalid requests
    "request.invalid": N_("This request could not be understood ({what}). Nothing was changed."),
    "context.full": N_(
        "This chat needs {needed} tokens and the model can see {available}. Nothing was cut or sent, and your message "
        "is kept; later ones leave it out. Start a new chat, have the oldest turns left out, or load the model with a "
        "larger context."
    ),
    "context.too_small": N_(
        "A part of the document needs {needed} tokens and the model can see {available} at once. Nothing was cut. Set "
        "a larger context in the settings, or choose a model with one, and begin again."
    ),
    "grammar.invalid": N_(
        "The model could not be held to the form that this answer needs: {reason}. Nothing was changed. Try again, or "
        "choose another model."
    ),
    # models and their files
    "model.missing": N_("The model file {path} is not there. The chats are kept. Put it back or choose another model."),
    "model.unreadable": N_("The model file {path} cannot be read ({reason}). Check its permissions or choose another."),
    "model.not_gguf": N_("{path} is no model file; it looks like {looks_like}. Choose one whose name ends in .gguf."),
    "model.not_converted": N_(
        "The model could not be made in another format ({reason}). The published file is unchanged."
    ),
    "measuring.twice": N_("A model is being measured or copied already. Wait until that has ended, or stop it."),
    "measuring.answer": N_("An answer is being written. Measure when it has ended."),
    "formats.busy": N_("Another window or command makes a copy of a model just now. Wait until it has ended."),
    "formats.no_copy": N_("There is no copy of {name} in another format on this PC. Make one first."),
    "model.damaged": N_("This model file is damaged ({reason}). The chats are kept. Fetch or copy the model again."),
    "model.file_kept": N_(
        "{name} is removed from the list. The file {path} was not deleted: it is no model file in the folder of the "
        "models."
    ),
    "model.changed": N_(
        "The model file {path} has changed since it was checked, so it was not loaded. Import it again if the change "
        "was meant."
    ),
    "model.unsupported": N_(
        "Models of the kind “{architecture}” are not supported by this version. Choose another model."
    ),
    "model.out_of_memory": N_(
        "This model needs {needed_bytes} of memory and {available_bytes} are free. Close other programs, lower the "
        "context size in the settings, or choose a smaller model."
    ),
    "model.not_loaded": N_("The model is not loaded any more. “Try again” loads it."),
    "model.noise": N_(
        "“{name}” does not behave like a language model: in a short test it made nothing of plain sentences. Its "
        "answers are probably nonsense. The file may be damaged: fetch or copy it again, or choose another model."
    ),
    "model.card_crashed": N_(
        "The model's process ended unexpectedly while “{name}” was on the graphics card {card}, so this model is used "
        "without the card from now on. To try the card again, set “Graphics card” in the settings to Off, then back to "
        "Automatic."
    ),
    "model.crashes": (
        N_(
            "The model “{name}” has crashed {times} times, so it is not started by itself any more. The chats are "
            "kept. Choose it in the list of models to try once more, or choose another."
        ),
        (
            "The model “{name}” has crashed {times} times, so it is not started by itself any more. The chats are "
            "kept. Name it with “-m ID” to try once more, or choose another; “slmdesk models list” shows them."
        ),
    ),
    "model.unknown": N_("No model is called “{wanted}”. There are: {known}."),
    "model.ambiguous": N_("Several models begin with “{wanted}”. Write more of the name: {known}."),
    "model.english_only": N_("{name} writes English alone. Choose or get a better model for this question."),
    "model.no_documents": N_("{name} reads no documents. Choose or get a better model, or ask on the page Documents."),
    "model.none": N_("There is no model yet. Add a model file (.gguf) first."),
    "model.several": N_("There are several models and none was used yet. Choose one: {known}."),
    "model.wrong_job": N_("“{name}” cannot be used for {job}: it is a model of another kind. Choose another one."),
    "model.parts_missing": N_(
        "This model lies in {count} parts, and {missing} of them are not beside it: {names}. Put all parts into one "
        "folder and add it again."
    ),
    "model.parts_linked": N_(
        "This model lies in {count} parts, which are put together into one file. Copy it in; it cannot be linked."
    ),
    "model.none_found": N_("There is no model file (.gguf) in {path}."),
    "model.name_taken": N_(
        "Another model ({id}) is called “{name}” already. Nothing was changed. Choose another name."
    ),
    "model.shared": N_(
        "“{name}” lies in your organisation's folder {path} and is there for everybody, so it cannot be removed here. "
        "Nothing was changed."
    ),
    "model.other_sum": N_(
        "{path} is not the file that SHA256SUMS beside it states: its checksum is another one. Nothing of it was kept. "
        "Copy it again from where it came."
    ),
    "model.not_checked": N_(
        "{path} cannot be checked: {reason}. Where checksums lie beside a folder's files, only files that they state "
        "come in. Add this file alone to have it all the same."
    ),
    # the folder of models
    "folder.not_empty": N_(
        "The folder {path} is not empty (it holds “{name}”), and models are kept in one of their own. Nothing was "
        "changed. Choose an empty folder or a new one."
    ),
    # LoRA adapters
    "adapter.other_model": N_(
        "The adapter “{adapter}” was made for another model than {model}: {reason}. Choose another adapter, or none, "
        "in the settings of this chat."
    ),
    "adapter.unusable": N_(
        "The adapter “{adapter}” cannot be used: {reason}. Choose another, or none, in the settings of this chat."
    ),
    "projector.unusable": N_(
        "The file “{name}”, by which a model sees or hears, cannot be used: {reason}. Remove it from the models, or "
        "get it again."
    ),
    "projector.other_model": N_(
        "The file “{name}” lets another model than {model} see or hear: {reason}. Get the one that was published with "
        "this model."
    ),
    "model.blind": N_(
        "{name} cannot see pictures, so it was not sent any. Choose a model that sees, or have the text of the picture "
        "read: attach it as a document."
    ),
    "adapter.gone": N_(
        "The adapter of this chat is no longer in the library. Choose another, or none, in the settings of this chat."
    ),
    # children
    "child.hung": N_(
        "The model's process did not answer for {seconds} seconds and was ended. Your text is safe. Continue, or try "
        "again."
    ),
    "child.start_failed": N_("The model's process could not be started ({reason}). The chats are kept."),
    "child.no_library": N_("llama.cpp cannot be loaded ({reason}). Install slmdesk anew. The chats are kept."),
    "child.protocol": N_(
        "The model's process sent what could not be understood ({reason}) and was ended. Your text is safe. Continue, "
        "or try again."
    ),
    # files and disk
    "file.missing": N_("The file {path} is not there."),
    "file.unreadable": N_("The file {path} cannot be read ({reason})."),
    "file.is_source": N_(
        "{path} is the document itself, which is never written over. Nothing was changed. Choose another name."
    ),
    "file.exists": N_("The file {path} is already there and was not touched. Choose another name."),
    "file.unwritable": N_("The file {path} cannot be written ({reason}). Choose another place."),
    "disk.full": N_(
        "Not enough space on the disk for {path}: {needed_bytes} are needed, {available_bytes} are free. Make space "
        "and try again."
    ),
    # the folder of the history
    "home.open": N_(
        "Others who use this PC, or get hold of its disk, may be able to read {path}: that disk keeps no rights for "
        "files. Confidential texts are safer on another disk, or on an encrypted one."
    ),
    "home.network": N_(
        "{path} is on a network drive ({kind}). Whoever runs that server can read it. Open it on one PC at a time: two "
        "at once could damage the history."
    ),
    "home.synced": N_(
        "{path} lies in a folder that {service} copies to other places, so your texts go there too, even while slmdesk "
        "works offline. Open it on one PC at a time: two at once could damage the history."
    ),
    "home.unknown": N_(
        "It could not be found out on which disk {path} lies ({reason}). Perhaps others can read it there: see to it "
        "that it is a disk of this PC."
    ),
    # the installed program
    "program.changed": N_(
        "Files of slmdesk are not as they came: {changed} changed, {missing} missing, {extra} too many. Install it "
        "again from where you had it; your texts are kept elsewhere."
    ),
    # store
    "store.damaged": N_(
        "The history {path} is damaged, so this could not be read. Nothing was changed. Close slmdesk and start it "
        "again: it then repairs what it can."
    ),
    "store.rebuilt": N_("An index of the history was damaged and was built again. Nothing was lost."),
    "store.filled": N_(
        "A part of the history could not be read. {count} of its entries were taken from the newest copy that slmdesk "
        "had made; what came after that copy may be missing. The file as it was is kept as {path}."
    ),
    "store.repaired": N_(
        "A part of the history could not be read and was left out. All else is here. The file as it was is kept as "
        "{path}."
    ),
    "store.set_aside": (
        N_(
            "The history could not be read. It was set aside unchanged as {path}, and a new one was started. What can"
            " still be read of it can be rescued."
        ),
        (
            "The history could not be read. It was set aside unchanged, and a new one was started. What can still be "
            "read of it is taken over by: slmdesk history rescue {path}"
        ),
    ),
    "store.newer": N_(
        "The history {path} was made by a newer version of slmdesk (format {version}). Nothing was touched. Use that "
        "version or a newer one."
    ),
    "store.busy": N_("The history is in use by another program for longer than usual. Nothing was lost. Try again."),
    "store.full": (
        N_("The disk is full, so this could not be saved. The text stays here and is saved as soon as there is space."),
        "The disk is full, so nothing can be saved. Make space and try again.",
    ),
    "store.read_only": N_("The history {path} cannot be written. It can be read, but nothing new is saved."),
    "store.in_use": N_("The history is open elsewhere. Close the other window or command first."),
    "store.copies_left": N_(
        "The copies of the history in {path} could not be made anew: the disk is full or cannot be written. They are "
        "as they were before. The next start tries again."
    ),
    "backup.no_undo": N_(
        "There is nothing to undo: no backup was restored here, or the history before it was deleted."
    ),
    "backup.unusable": N_("{path} cannot be restored: {reason}. Nothing was changed. Choose another backup."),
    # keys of an encrypted history
    "key.missing": (
        N_(
            "This is encrypted, and this account holds no key to it. Nothing was touched. The passphrase or the "
            "recovery key opens it."
        ),
        (
            "This is encrypted, and no key to it was given. Nothing was touched. The passphrase or the recovery key "
            "opens it: type it on a terminal, or have it read with “slmdesk --passphrase-fd N …”."
        ),
    ),
    "key.wrong": N_("Wrong passphrase or recovery key."),
    "key.mistyped": N_("This recovery key has a typing error. Compare it with the paper, sign by sign, and try again."),
    "key.file_damaged": N_(
        "The file of keys {path} is missing, damaged or that of another history, and so is its copy. Nothing was "
        "touched. Put it back from a backup: encrypted backups of slmdesk have it in them."
    ),
    "key.keyring": N_(
        "The system's keyring cannot be used ({reason}). Nothing was changed. Unlock it and try again, or go on "
        "without it."
    ),
    "key.library_missing": N_(
        "Encryption needs the library “{library}”, which is not installed here. Nothing was touched. Install slmdesk "
        "with the extra “encrypt”."
    ),
    "lock.plain": N_(
        "This history is not encrypted, so locking it would protect nothing. Encrypt it first; the window then locks."
    ),
    "lock.silent": N_("The window does not answer. Close it, or end its process, to be sure."),
    "encryption.required": N_(
        "Your organisation wants the history encrypted: “slmdesk encrypt on” does that. It cannot be decrypted here."
    ),
    "encryption.plain": N_("Your organisation has switched off copies of the history without encryption."),
    # documents
    "document.unknown_format": N_("Files of the kind “{suffix}” cannot be read. These can: {known}."),
    "document.unreadable": N_("The document {path} cannot be read ({reason})."),
    "document.too_large": N_("The document {path} is too large: {bytes}; the limit is {limit}."),
    "document.binary": N_("{path} is no document: a program, a picture or an archive. Nothing of it was read."),
    "document.bomb": N_("{path} would become far too large when unpacked. It was not read any further."),
    "document.damaged": N_("The document {path} is damaged and cannot be opened ({reason})."),
    "document.empty": N_("The file {name} is empty (0 bytes)."),
    "document.locked": (
        N_(
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
    "document.wrong_password": N_("That is not the password of {path}."),
    "document.too_many_pages": N_("The document {path} has {pages} pages; the limit is {limit}."),
    "document.not_read": N_("{path} is still being read. Wait until it is there, and try again."),
    "document.unknown": N_("There is no document {id} here."),
    "document.no_ocr": N_("Words on pictures cannot be recognised on this system. Nothing was written."),
    "document.not_scanned": N_(
        "{path} has no scanned pages, so its words can be searched already. Nothing was written."
    ),
    "document.no_redactor": N_("{path} cannot be given out redacted in its own format. These can: {known}."),
    "letter.no_template": N_(
        "The template of letters {path} is not there. Choose another one in the settings, or none."
    ),
    "letter.lock_file": N_("{path} is no letter: Word keeps it beside one that is open. Choose the file without “~$”."),
    "letter.no_word": N_(
        "{path} is no Word file (.docx). Open it in the program it was made with, save it as .docx, and choose that."
    ),
    "letter.no_field": N_(
        "The template {path} has fields that a letter cannot fill: {names}. Nothing was written. There are: {known}."
    ),
    "letter.no_body": N_(
        "The template {path} has no field {field}, so there is no place for the text. Nothing was written. Write "
        "{field} on a line of its own where the text belongs."
    ),
    "letter.no_pattern": N_(
        "{path} has no field such as {field}, and no salutation and closing between which a text stands. Nothing "
        "was written. Choose a letter, or write {field} where the text belongs."
    ),
    "redaction.left": N_(
        "Of what was to be removed, {count} could still be found in what was made of {path} ({place}). Nothing was "
        "written. Remove that part in the program the document was made with, and try again."
    ),
    "redaction.nothing": N_("There are no words to remove from {path}. Nothing was written."),
    "clipboard.none": N_(
        "Nothing here reaches the clipboard (wl-clipboard, xclip or xsel), or it holds no text. Give the text on "
        "standard input instead."
    ),
    "redaction.no_key": N_("There is no key that leads back: copy a text without names first."),
    "redaction.no_boxes": N_("Boxes can be drawn on pages of PDFs and pictures, but {path} is none."),
    "redaction.box_outside": N_("The box on page {number} does not lie on the page."),
    "redaction.no_picture": N_("{path} holds no picture “{picture}”."),
    "redaction.conflict": N_("What would stand for a word holds another that is to be removed: {words}. Leave it out."),
    "redaction.changed": N_(
        "{path} has changed since it was looked through. Nothing was written; look through it again."
    ),
    "redaction.key_wrong": N_("That is not the passphrase of the key file {path}, or the file was changed."),
    "redaction.key_damaged": N_("{path} is no key file of slmdesk, or it is damaged."),
    "document.no_column": N_("{path} has no column “{column}”. Its first row has: {known}."),
    "document.no_rewriter": N_("{path} cannot be translated in its own format. These can: {known}."),
    "document.none_translatable": N_("There is nothing in {name} that can be translated. These formats can: {known}."),
    "document.too_many": N_("These are {count} documents; {limit} can be begun at once. Drop fewer."),
    "document.changed": N_(
        "{path} has changed since it was translated. Translate it again; what did not change is kept."
    ),
    "chats.unknown": N_(
        "There are no chats in {path} that slmdesk can read. It reads the exports of ChatGPT and its own JSON, and no "
        "chats of other programs."
    ),
    "chats.unreadable": N_("The chats in {path} cannot be read: {reason}."),
    "chats.broken": N_("{path} was not read to its end: {reason}. The chats before that place were imported."),
    "chats.not_searched": N_("Not all of {path} was searched: {reason}."),
    "redaction.ambiguous": N_("One substitute would stand for two things. Nothing was written."),
    "redaction.no_substitute": N_("There is no free substitute left for something in this text. Nothing was written."),
    "preset.unknown": N_("There is no preset “{id}” of yours here."),
    "preset.invalid": N_("{path} cannot be read as a preset: {reason}. Nothing was changed."),
    "space.unknown": N_("There is no space “{id}” here."),
    "glossary.unknown": N_("There is no glossary {id} here."),
    "glossary.no_languages": N_("{path} does not say which languages it is for. Say so: from which, to which."),
    "glossary.more_languages": N_("{path} has more than two languages: {languages}. Say from which to which."),
    "glossary.empty": N_("There is nothing in {path} that is a term or a pair. Nothing was changed."),
    "glossary.no_source": N_("A term needs a word. Nothing was changed."),
    "glossary.no_translation": N_(
        "“{term}” needs a translation, a forbidden word, or the mark that it is not translated. Nothing was changed."
    ),
    "glossary.keeps_and_translates": N_(
        "“{term}” cannot have a translation and stay untranslated. Keep one of them. Nothing was changed."
    ),
    "glossary.too_long": N_("A term has {most} characters at most. Nothing was changed."),
    "question.unsaved": N_(
        "The places of this answer's quotations could not be saved; its words are. They are shown until you close "
        "slmdesk. Make space on the disk and ask again."
    ),
    "translation.no_better": N_("The model gave nothing that could be used. The segment stays as it was."),
    "translation.all_failed": N_(
        "Nothing of it could be translated ({count} of {count} segments failed), so nothing was written. Try another "
        "model; “slmdesk models list” names those on this PC."
    ),
    "translation.already": N_(
        "{name} is in {language} already. Choose another language to translate it into; if it is in another language "
        "than it seems, say which (--from)."
    ),
    "translation.tags": N_(
        "The mark <{tag}> of the formatting is {kind}. Each mark of the text must stand in the translation, once."
    ),
    "language.unknown": N_("The language {wanted} is not known here. Known are: {known}."),
    "language.same": N_("The text is in {language} already. Choose another language to translate into."),
    "text.too_long": N_("The text is longer than {limit}. Save it as a file, and translate that as a document."),
    "text.encoding": N_(
        "The text that came is not UTF-8, so its letters cannot be told. Save it as a file, and translate that: its "
        "encoding is found out."
    ),
    "reply.nothing": N_("There is no text in {name} that could be answered."),
    "writing.empty": N_("There is no text. Give a text with words in it."),
    "writing.too_long": N_(
        "The text has {characters} characters, and {most} are the most that can be done at once. Nothing was cut or "
        "asked. Give it in parts."
    ),
    "writing.language": N_("The language of the text could not be told. Name it, and try again."),
    "writing.encoding": N_(
        "{path} is no text in UTF-8, so its letters cannot be told. Save it as UTF-8 or as a Word file, and try again."
    ),
    "writing.unknown_format": N_("“{path}” cannot be opened as a text to write on. These can: {known}."),
    "writing.file_changed": N_(
        "{path} was changed after it was opened here, so nothing was written. Save the text as a Word file of its own, "
        "or open {path} again."
    ),
    "writing.weak_model": N_("{name} is too weak to rewrite a text. Choose or get a better model."),
    "writing.no_version": N_(
        "The model gave nothing but the text itself. Your text is unchanged. Try another model, or say more in the "
        "text."
    ),
    "writing.not_shorter": N_("The model could not shorten this. Try again, a part of the text, or another model."),
    "writing.not_longer": N_(
        "The model could not make it longer. Your text is unchanged. Try another model, or say more in the text."
    ),
    # dictionaries
    "dictionary.damaged": N_(
        "The dictionary {path} cannot be used ({reason}), so nothing is underlined in its language."
    ),
    "dictionary.too_large": N_(
        "The dictionary {path} has {bytes}; {limit} are the most that are read. Nothing is underlined in its language."
    ),
    "document.stopped": N_("Reading {path} was stopped before its end. Open it again to read it."),
    "versions.stopped": N_("Comparing was stopped. Compare the two documents again when you want to."),
    "print.stopped": N_("Making the PDF was stopped; nothing was written."),
    "document.reader_hung": N_(
        "Reading {path} came to a standstill and was ended. The document may be damaged, or made to do harm; nothing "
        "else was touched."
    ),
    "document.changing": N_("{path} is just being written. It is read when that is over."),
    "collection.unknown": N_("There is no folder {id} here. “slmdesk documents list --folders” shows which there are."),
    "collection.empty": N_("No document of the folder {name} has been read, so it cannot be asked."),
    "collection.changing": N_(
        "The documents of the folder {name} are being written, or open in another program. Ask when that is over."
    ),
    "collection.no_folder": N_("There is no folder {path}."),
    "collection.nested": N_(
        "{path} and {other}, which is watched already, lie in one another, so each document would be there twice. "
        "Take the other one off the list first."
    ),
    "document.no_page": N_("{path} has no page {number}; pages in it: {total}."),
    "document.no_image": N_("There is no picture of this page of {path}; its text can be shown."),
    # settings and network
    "setting.invalid": N_("The setting “{key}” has a value that cannot be used ({reason}). It was passed over."),
    "setting.newer": N_(
        "The settings {path} were saved by a newer version of slmdesk (format {version}). What this version knows of "
        "them is used; when one is changed, the file of before is kept beside the new one."
    ),
    "setting.managed": N_("The setting “{key}” is set by your organisation and cannot be changed here."),
    "policy.invalid": N_(
        "The policy file {path} of your organisation cannot be used ({reason}). slmdesk works offline until that is "
        "put right."
    ),
    "policy.key": N_("The policy file {path} sets “{key}”, which this version does not know. It has no effect."),
    "feature.hidden": N_("“{feature}” is switched off by your organisation."),
    "network.offline": N_(
        "slmdesk is set to offline, so nothing was sent to {host}. Allow requests with “slmdesk network --offline "
        "off”, or with the switch in the window."
    ),
    "network.enforced": N_(
        "The system keeps slmdesk offline until it is started again. To go online, switch that off first (Settings → "
        "Network → Enforce offline, or “slmdesk network --enforce off”), and start slmdesk again."
    ),
    "network.refused": N_(
        "A connection to {host} was refused: it leads elsewhere than to the allowed hosts. Nothing was sent there."
    ),
    "network.failed": N_("{host} could not be reached ({reason}). Nothing was lost. Try again later."),
    "network.tls": N_(
        "{host} could not prove who it is ({reason}), so nothing was sent. Check the date of this PC; in a company, "
        "ask for its certificate file (CA) and name it in the settings."
    ),
    "network.proxy": N_(
        "The proxy on the way to {host} refused ({reason}). Nothing was lost. Check it in the settings."
    ),
    "proxy.password": N_(
        "The password of the proxy cannot be kept or read ({reason}). Nothing was sent. Name the proxy again, with its "
        "password, in the settings of the network."
    ),
    "network.login_page": N_(
        "This network wants a login: a web page came where {host} should have answered. Open a browser, log in, and "
        "try again. Nothing of the page was kept."
    ),
    "network.redirects": N_("{host} sends requests round in a circle. Nothing was lost. Try again later."),
    # the Hub and downloads
    "hub.missing": N_("“{what}” is not on the Hub, or not for everybody. Check its name."),
    "hub.unauthorized": N_("The Hub shows “{what}” to known users only, or has nothing of that name. Check the name."),
    "hub.forbidden": N_("The Hub does not give out “{what}”."),
    "hub.gated": (
        N_(
            "{repo} is gated: its publisher wants you to agree to terms first. Open its page, accept them, and give "
            "slmdesk your access token of the Hub."
        ),
        (
            "{repo} is gated: its publisher wants you to agree to terms first. Open huggingface.co/{repo} in a "
            "browser, accept them, make an access token in your Hub settings, keep it with “slmdesk network --token” "
            "or set HF_TOKEN to it, and try again."
        ),
    ),
    "hub.token_refused": N_(
        "{host} did not accept the access token. It may be mistyped, out of date or taken back. Paste it again, or "
        "make a new one on the Hub under Settings, Access Tokens."
    ),
    "hub.not_admitted": N_(
        "The access token is right, but its account may not read {repo} yet. Open its page with that account and "
        "accept the terms; some publishers answer only after a day or two."
    ),
    "token.invalid": N_("This is no access token: {reason}. Nothing was changed."),
    "token.keyring": (
        N_(
            "The system's keyring cannot be used ({reason}). The access token was neither kept nor read. Unlock it, "
            "or choose another place for the token."
        ),
        (
            "The system's keyring cannot be used ({reason}), so the token was neither kept nor read. Keep it in a "
            "file that only you can read (slmdesk network --token --token-place file), or set HF_TOKEN to it for one "
            "run."
        ),
    ),
    "hub.busy": N_(
        "{host} has too many requests and asks to wait {wait_s} seconds. What came is kept. Try again later."
    ),
    "hub.error": N_("{host} has a trouble of its own (error {status}). What came is kept. Try again later."),
    "hub.answer_invalid": N_("{host} gave no sensible answer ({reason}). Nothing of it was kept. Try again later."),
    "hub.no_models": N_(
        "{repo} holds no model file that slmdesk can use (GGUF). Look for one whose name ends in GGUF."
    ),
    "hub.no_file": N_("{repo} has no file for “{wanted}”. It has: {known}."),
    "hub.no_chat": N_("{repo} is not made for chatting. It has: {known}. Name a file to try it all the same."),
    "hub.several_files": N_("{repo} has several files for “{wanted}”. Name one: {known}."),
    "hub.unverifiable": N_("The Hub names no checksum for {name}, so it could not be verified. It was not fetched."),
    "download.cut": N_("The connection ended before {name} was complete. What came is kept."),
    "download.changed": N_("{name} has changed on the server since it was listed. Start the download again."),
    "download.damaged": (
        N_(
            "{name} was damaged on the way or at its source: its checksum is not the published one. It is not used; "
            "the damaged file is kept aside and can be deleted."
        ),
        (
            "{name} was damaged on the way or at its source: its checksum is not the published one. It is not used; "
            "the damaged file is kept aside and can be deleted on the page Models."
        ),
    ),
    "download.wrong_size": N_(
        "{name} is not what the Hub listed: {bytes} instead of {expected}. It was refused. Try again later, or choose "
        "another file."
    ),
    "download.started_over": N_("{name} is fetched from its beginning: {reason}."),
    "download.gave_up": N_(
        "{name} did not get on in {tries} tries ({reason}). {bytes} of {expected} are kept; start it again and it goes "
        "on from there."
    ),
    "download.unknown": N_("There is no download “{id}”."),
    "download.offline": N_("Waits: you work offline. It goes on as soon as the network is allowed."),
    "download.stopped": N_("Another window or command has paused or cancelled this download, the job “{id}”."),
    # deleting after some days
    "retention.trashed": N_("{what}, not changed for {days} days, moved to the trash. There until {until}."),
    "retention.deleted": N_("{what}, not changed for {days} days, deleted for good, as your settings say."),
    "retention.clock": N_(
        "The clock says {now}, but slmdesk was last used on {last}. Until you confirm the date, nothing is deleted by "
        "itself."
    ),
    "retention.ended": N_(
        "Retention rules ({rules}) and holds ({holds}) ended: slmdesk has them no longer. Nothing was deleted by that. "
        "What deletes after some days is in Settings, “History & deletion”."
    ),
    "retention.taken_over": N_(
        "Your retention rules are a setting now: “Delete chats and documents”, after {days} days (Settings, “History & "
        "deletion”)."
    ),
    # speech
    "speech.no_model": N_("There is no speech model on this PC. Get one under Models; for this PC: {title} ({bytes})."),
    "speech.busy": N_("Another dictation is going on. End it first."),
    "speech.silent": N_("Nothing that is spoken was found in {path}. It was not kept."),
    "speech.no_projector": N_(
        "{name} hears by a second file (mmproj), which is not on this PC. Get the model once more under Models, or add "
        "that file."
    ),
    "speech.other_language": N_(
        "{name} cannot hear the language {language}, or its file is missing. Name another speech model, or no language."
    ),
    "speech.failed": N_("The speech model could not hear this. Try again, or choose another speech model."),
    # jobs
    "job.unknown": N_("There is no job “{id}”."),
    "job.ended": N_("The job “{id}” has ended already ({status}). What it did is kept."),
    "job.running": N_("Jobs are running ({count}). Pause or cancel them first. Nothing was changed."),
    "job.elsewhere": N_("The job “{id}” is run by another window or command. Pause it there, or here, first."),
}

_DEATHS: Mapping[str, str] = {
    "aborted": N_("The model's process ended itself because of something in the model file"),
    "segfault": N_("The model's process crashed with a memory error"),
    "bus": N_("The model's process crashed because the model file changed or vanished while it was read"),
    "illegal_instruction": N_("The model's process uses an instruction that this processor ({detail}) does not know"),
    "killed": N_("The model stopped unexpectedly"),
    "out_of_memory": N_("The model's process was ended because the memory ran out"),
    "ended": N_("The model's process ended without being asked"),
    "exited": N_("The model's process ended with an error of its own ({detail})"),
    "start_failed": N_("The model's process could not be started ({detail})"),
    "cancel_ignored": N_("The model's process did not stop when asked and was ended"),
    "hung": N_("The model's process did not answer and was ended"),
    "protocol": N_("The model's process sent what could not be understood and was ended"),
}

KINDS: Mapping[str, str] = {
    "adapter": N_("an adapter, which only works together with its model"),
    "projector": N_("a projector, the part of a model that sees or hears, which only works together with it"),
    "imatrix": N_("an importance matrix, a helper for making models"),
    "vocabulary": N_("a vocabulary without weights"),
    "encoder": N_("an encoder, which makes vectors and cannot chat"),
    **dict.fromkeys(("whisper", "asr"), N_("a speech model, which writes down what is said and cannot chat")),
    "head": N_("a draft head, which guesses ahead for a model and only works together with it"),
    "reranker": N_("a reranker, which sorts search results and cannot chat"),
    "speech": N_("a model for speech or a part of one, which cannot chat"),
    "picture": N_("a model for pictures or a part of one, which cannot chat"),
    "unknown": N_("a file of an unknown kind"),
    "part": N_("a part of another model, which only works together with it"),
    "split": N_("one part of a model that was split; join the parts first"),
}
"""What a file is that is no model to chat with, by kind; see GgufHeader."""


def _death(words: Mapping[str, str]) -> str:
    how = _(_DEATHS.get(words["how"], N_("The model's process ended unexpectedly")))
    return f"{how.format(detail=words['detail'])}. {_(TRY_AGAIN)}"


_READER_DEATHS: Mapping[str, str] = {
    "out_of_memory": N_("it needs more memory than a document may have"),
    "killed": N_("the system ended the process that reads it, most likely for want of memory"),
    "start_failed": N_("the process that reads documents could not be started"),
    "protocol": N_("the process that reads it sent more than such a file holds, or what could not be understood"),
}


def _reader_death(words: Mapping[str, str]) -> str:
    why = _(_READER_DEATHS.get(words["how"], N_("the process that reads it ended unexpectedly")))
    return _("The document {path} could not be read: {why}. Other documents are not touched by that.").format(
        path=words["path"], why=why
    )


def _wrong_kind(words: Mapping[str, str]) -> str:
    kind = _(KINDS.get(words["kind"], N_("a file of the kind “{kind}”"))).format(kind=words["kind"])
    return _("This file is no chat model: it is {kind}. Choose a model for chatting.").format(kind=kind)


def _instead(words: Mapping[str, str]) -> str:
    kind = _(KINDS.get(words["kind"], words["kind"]))
    return _("{name} is {kind}. Another file is fetched instead.").format(name=words["name"], kind=kind)


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
        "their translations (“target”).{there}"
    ).format(path=words["path"], there=there)


MADE: Mapping[str, tuple[Callable[[Mapping[str, str]], str], tuple[str, ...]]] = {
    "child.died": (_death, ("how", "detail")),
    "document.reader_died": (_reader_death, ("path", "how")),
    "glossary.no_columns": (_no_columns, ("path", "columns")),
    "item.unknown": (_unknown_item, ("id",)),
    "model.incomplete": (_incomplete, ("path", "bytes", "expected", "at_least")),
    "model.wrong_kind": (_wrong_kind, ("kind",)),
    "download.instead": (_instead, ("name", "kind")),
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
