"""Splits a text into sentences, and tells their language, stop words, references to the sentence before, and blanks."""

from __future__ import annotations

import copy
import re
import threading
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from slmdesk.base.record import Record
from slmdesk.text.folding import query_pieces

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

_BREAK = re.compile(r"\n[^\S\n]*\n")
_LETTER = re.compile(r"[^\W\d_]")
_CLOSED_QUOTE = ("」", "』", "”", "»", "）")
_PARTICLE = re.compile(r"^[\u3041-\u309f、,]")
# Words with a dot after which a number or a name continues the same sentence.
_SHORT_WORDS = (
    "godz r ust art nr zob str tzn tj np dr prof mgr inż ul pkt poz abs ziff vgl bzw ca evtl ggf inkl zzgl tel "
    "p pp fig figs sec vol ch approx resp al cf eq ed eds st sr sra av avda núm pág fr mme mlle m ibid sig dott"
)
_SHORT = frozenset(_SHORT_WORDS.split())
_ITEM = re.compile(r"\d{1,3}\.")
_ORDINAL = re.compile(r"(?<![^\s(])([^\W\d_]+),? \d{1,3}\.$")
_DAY = re.compile(r"(?<![\w.,])\d{1,2}\.$")
_FIRST_WORD = re.compile(r"[^\W\d_]+(?:['’](?=\w)|-[^\W\d_]+)?")
_SPACED = re.compile(r"(?<![^\s(])((?:[^\W\d_]\. ?){2,4})$")
_DOTTED = re.compile(r"(?:[^\W\d_]{1,2}\.)+[^\W\d_]{1,2}")
_DOT_INSIDE = re.compile(r"\.(?=\s+[^\W\d_])")
_BRACKET_INSIDE = re.compile(r"[.!?]\)(?=\s+[^\W\d_a-z])")
_LONGEST_ABBREVIATION = 12
_TAIL = 60
_SOLID = re.compile(r"\S")


def sentence_spans(text: str, language: str = "") -> list[tuple[int, int]]:
    """Positions of the sentences of `text`: (start, end) in characters, in order, without the white space around them.

    `language` is a code of ISO 639-1; without one the rules of English are used.  All letters and digits of the text
    are in some span.
    """
    import sentencex  # every command imports this module, few cut a text

    words_of = WORDS.get(language or "en", UNKNOWN)
    spans: list[tuple[int, int]] = []
    at = 0
    for piece in sentencex.segment(language or "en", text):
        words = piece.strip()
        if not words:
            continue
        start = text.find(words, at)
        if start < 0:
            continue
        if text[at:start].strip() and spans:  # letters that the library lost belong to the sentence before
            spans[-1] = (spans[-1][0], at + len(text[at:start].rstrip()))
        elif text[at:start].strip():
            start = at + len(text[at:start]) - len(text[at:start].lstrip())
        at = text.find(words, at) + len(words)
        if spans and _goes_on(text, spans[-1], (start, at), words_of):
            spans[-1] = (spans[-1][0], at)
        else:
            spans.append((start, at))
    if text[at:].strip():
        start = at + len(text[at:]) - len(text[at:].lstrip())
        spans.append((start, len(text.rstrip())))
    return [part for span in spans for part in _cut_inside(text, span, words_of)] if words_of.is_known else spans


def sentences(text: str, language: str = "") -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text, language)]


def _goes_on(text: str, before: tuple[int, int], piece: tuple[int, int], words: SentenceWords) -> bool:
    if _BREAK.search(text, before[1], piece[0]):
        return False
    head, rest = text[max(before[0], before[1] - _TAIL) : before[1]], text[piece[0] : piece[1]]
    if head.endswith(_CLOSED_QUOTE):
        return bool(_PARTICLE.match(rest)) or rest[0].islower()
    if not _LETTER.search(rest) and not rest[0].isdigit():
        return True  # closing quotes, dots
    if before[1] == piece[0] and rest[0] == "-":
        return True
    if head.endswith(".") and words.is_known and _leads_on(head, rest, words):
        return True
    last = re.split(r"\s", head.rstrip("."))[-1].strip("(\"'„“«").casefold()
    if head.endswith(".") and last in _SHORT:
        return rest[0].isdigit() or rest[0].islower()
    return rest[0].islower() and not head.endswith(("?", "!"))


def _leads_on(head: str, rest: str, words: SentenceWords) -> bool:
    if _ITEM.fullmatch(head):
        return True
    starts = _begins(rest, words)
    if words is WORDS["de"] and _is_ordinal(head, rest, starts):
        return True
    word = _last_word(head)
    last = re.split("[-'’]", word)[-1]
    if _is_in(word, words.leads) or _is_in(last, words.leads):
        return True
    if rest[0].isdigit():
        return _is_in(last, words.numbered)
    if _is_in(last, words.measures):
        return not starts
    return len(word) == 1 and word.isupper() and words is not WORDS["de"] and not starts and not _is_lettered(head)


def _is_ordinal(head: str, rest: str, starts: bool) -> bool:
    """German: "dem 21. | Januar", "Im 3. | Quartal"."""
    if (first := _FIRST_WORD.match(rest)) is None:
        return False
    if _DAY.search(head) and first[0].casefold() in MONTHS:
        return True
    before = _ORDINAL.search(head)
    return before is not None and before[1].casefold() in BEFORE_ORDINAL and not starts


def _is_lettered(head: str) -> bool:
    before = head.split()[-2:-1]
    return bool(before) and before[0].casefold().strip("(") in LETTERED


def _last_word(head: str) -> str:
    if found := _SPACED.search(head):
        return found[1].replace(" ", "").rstrip(".")
    return re.split(r"\s", head)[-1].rstrip(".").lstrip("(\"'„“«[")


def _is_in(word: str, entries: frozenset[str]) -> bool:
    return word in entries or word.casefold() in entries


def _begins(rest: str, words: SentenceWords) -> bool:
    first = _FIRST_WORD.match(rest.lstrip("\"'„“«»¿¡("))
    if first is None or not first[0][0].isupper():
        return False
    word = first[0].casefold().replace("’", "'")
    return word in words.starters or word.partition("-")[0] in words.starters


def _cut_inside(text: str, span: tuple[int, int], words: SentenceWords) -> list[tuple[int, int]]:
    start, end = span
    cuts: list[int] = []
    if text[start] == "(" and (found := _BRACKET_INSIDE.search(text, start, end)):
        inner = text[start : found.end()]
        if inner.count("(") == 1 == inner.count(")"):
            cuts.append(found.end())
    for dot in _DOT_INSIDE.finditer(text, start, end):
        rest = text[dot.end() : dot.end() + 40].lstrip()
        if not rest[0].isupper():
            continue
        word = re.split(r"\s", text[max(start, dot.start() - _LONGEST_ABBREVIATION) : dot.start()])[-1]
        if _is_in(word, words.and_so_on):
            ends = _begins(rest, words) or words is not WORDS["de"]
        else:
            ends = bool(_DOTTED.fullmatch(word)) and not _is_in(word, words.leads) and _begins(rest, words)
        if ends:
            cuts.append(dot.end())
    parts: list[tuple[int, int]] = []
    for cut in sorted(cuts):
        parts.append((start, cut))
        start = found.start() if (found := _SOLID.search(text, cut, end)) else end
    return [*parts, (start, end)]


# ---- words that tell whether a dot ends a sentence, of the languages in which that is looked at more closely


class SentenceWords(Record):
    """Of one language; abbreviations are without their last dot.

    Small letters stand for small and large ones, an entry with a large letter for itself alone.
    """

    leads: frozenset[str]
    """Abbreviations that never end a sentence: titles, "z. B."."""
    numbered: frozenset[str]
    """Abbreviations, or other words, that do not end one if a figure follows: "pag. 14", "12 jan. 2025"."""
    measures: frozenset[str]
    """Abbreviations that seldom end one.  What follows begins a sentence only if it is one of `starters`."""
    and_so_on: frozenset[str]
    """Abbreviations that end a sentence when a word with a large letter follows."""
    starters: frozenset[str]

    @property
    def is_known(self) -> bool:
        return bool(self.starters)


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


def _of(*words: str) -> SentenceWords:
    return SentenceWords(*map(_set, words))


UNKNOWN = _of("", "", "", "", "")

WORDS: dict[str, SentenceWords] = {
    "en": _of(
        "Mr Mrs Ms Messrs Dr Prof St Rev Hon Capt Lt Col Gen Sgt Maj Gov Sen Rep Pres Mt Ft e.g i.e viz cf v vs",
        "Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct Nov Dec Mon Tue Tues Wed Thu Thur Thurs Fri Sat Sun hrs hr mins min "
        "cl cls para paras ss pt",
        "approx ca incl excl",
        "etc",
        "the a an this that these those it he she we they you i there here in on at by for from to if when while after "
        "before as but and or so then thus however please all no not our your their his her its my both each every "
        "such what who whom why how where which do does did is are was were has have had can could may must shall "
        "should will would with without within under over since until unless although because once only otherwise "
        "also another any some many most neither nobody nothing none one two several during between yes let nor",
    ),
    "de": _of(
        "dr prof dipl ing Mag hr fr frl st jur med phil rer nat habil z.b d.h i.a i.v u.a v.a i.d.r z.t m.e u.u "
        "vgl inkl exkl zzgl abzgl bzw ggf ca lt gem betr bspw sog mind einschl zuzügl Hrn Fa ehem evtl insb",
        "jan jän feb mär apr jun jul aug sep sept okt nov dez Nr Abs Ziff Art Az Tel Buchst lit min sek",
        "mio mrd tsd std stk",
        "usw etc usf",
        "der die das dem den des ein eine einen einem einer eines dieser diese dieses diesen diesem jeder jede jedes "
        "alle alles beide er sie es wir ihr ich du man wer was wann wo wie warum weshalb wieso woher wohin welche "
        "welcher welches mein meine dein deine sein seine seinen seiner ihre ihren ihrem ihrer unser unsere unserer "
        "euer eure kein keine keiner in im an am auf aus bei beim bis durch für gegen hinter mit nach neben ohne seit "
        "über um unter von vom vor während wegen zu zum zur zwischen ab laut trotz gemäß dabei dadurch dafür dagegen "
        "daher damit danach daneben daran darauf daraus darin darüber darum darunter davon davor dazu deshalb "
        "deswegen dann dort da hier hierzu hierfür heute morgen gestern jetzt nun bald bisher bislang zuerst zunächst "
        "zuletzt schließlich außerdem zudem ferner auch aber oder und denn doch jedoch sondern sonst andernfalls "
        "allerdings dennoch trotzdem somit also so solange sobald sofern soweit falls wenn weil obwohl dass ob als "
        "bevor nachdem nur noch nicht nie niemand jemand nichts etwas viele einige mehrere manche andere bitte ja nein "
        "herr frau leider ist sind war waren hat haben hatte hatten wird werden wurde wurden kann können konnte "
        "muss müssen soll sollen darf dürfen will wollen möchte gibt bleibt vielen danke vielleicht",
    ),
    "fr": _of(
        "M MM Mme Mmes Mlle Mlles Me Mgr Dr Pr Prof St Ste p.ex c.-à-d c.à.d env tél Vve boul bd",
        "janv févr avr juill sept oct nov déc art al n p pp fig tabl vol chap par min sec",
        "",
        "etc",
        "le la les l' un une des du ce cet cette ces c' ceci cela il elle ils elles on nous vous je j' tu son sa ses "
        "mon ma mes notre nos votre vos leur leurs dans en à au aux de d' pour par sur sous avec sans si mais et ou "
        "donc or car puis ensuite après avant selon cependant toutefois merci veuillez aucun aucune tout tous toute "
        "toutes chaque qui que qu' quand quel quelle comme lors lorsque depuis pendant y ne n' pas personne rien "
        "est-ce où pourquoi comment voici voilà sinon ainsi alors aussi enfin entre chez dès plusieurs certains "
        "certaines deux trois faute sauf passé prière bien oui non",
    ),
    "es": _of(
        "sr sra srta sres sras D Dª Dña dr dra prof profa ing lic arq fdo ilmo excmo sto sta p.ej ej avda av núm "
        "nro vid",
        "ene abr may jun jul ago sept oct nov dic pág págs apdo art tel min seg",
        "aprox",
        "etc",
        "el la los las lo un una unos unas este esta estos estas ese esa eso esto aquel aquella él ella ellos ellas "
        "usted ustedes nosotros yo tú su sus mi mis tu nuestro nuestra nuestros nuestras en a al de del por para con "
        "sin sobre entre hasta desde según si pero y e o u ni no cuando como donde porque aunque mientras también "
        "tampoco además después antes luego entonces así ya hoy mañana ayer aquí allí todo toda todos todas cada "
        "ningún ninguna nadie nada algo alguien algunos algunas varios muchos quien quienes que qué cuál cuándo cómo "
        "dónde se le les nos me te ha han hay es son está están fue fueron sólo solo tras durante sí",
    ),
    "it": _of(
        "sig sigg dott avv ing prof geom rag arch egr gent spett on mons p.es ad.es cfr Dr S",
        "gen feb mar apr mag giu lug ago sett ott nov dic art artt pag pagg n nn co lett cap par fig vol tel min sec",
        "ca",
        "ecc",
        "il lo la i gli le l' un uno una un' questo questa questi queste quello quella quelli ciò egli ella esso essi "
        "lui lei loro noi voi io tu suo sua suoi sue mio mia nostro nostra nostri nostre vostro vostra in nel nella "
        "nei nelle nell' a al alla ai alle all' di del della dei delle dell' da dal dalla dall' per con senza su sul "
        "sulla fra tra se ma e ed o oppure non quando come dove perché poiché mentre anche inoltre dopo prima poi "
        "quindi così già oggi domani ieri qui lì tutto tutta tutti tutte ogni nessun nessuno niente nulla qualcuno "
        "alcuni alcune molti chi che cosa quale si ci vi mi ti ha hanno è sono era c' solo secondo durante entro sì no",
    ),
    "nl": _of(
        "dhr mevr mw mr dr drs ir ing prof st fam jhr bijv d.w.z o.a m.n m.b.t i.v.m t.a.v incl excl vgl zgn ca",
        "jan feb mrt apr jun jul aug sept okt nov dec art lid nr blz tel min sec",
        "mln mld",
        "enz etc",
        "de het een dit dat deze die er hij zij ze wij we u ik jij je jullie men zijn haar hun ons onze uw mijn in op "
        "aan bij van voor met zonder naar over onder tussen door uit tot te na sinds tijdens als indien wanneer toen "
        "maar en of want dus dan daarna daarom daar hier nu ook echter toch bovendien vervolgens anders alle alles "
        "elke elk ieder iedere geen niet niemand niets iemand iets wie wat waar waarom hoe welke welk is zijn was "
        "waren heeft hebben had wordt worden werd kan kunnen moet moeten mag zal wil wilt graag omdat hoewel zodra "
        "volgens beide veel sommige alleen nog al",
    ),
    "pl": _of(
        "dr prof mgr inż hab ul al pl św np tzn tj zob ks płk Sz",
        "stycz lut kwiet czerw lip sierp wrzes paźdz listop grudz art ust nr tel str min sek",
        "mln mld tys",
        "itp itd etc",
        "w we na z ze do od po za przy dla o u nad pod przed między bez przez nie jest są był była było to ten ta te "
        "tego tej tych tam tu on ona ono oni my wy ja ty jego jej ich nasz nasza nasze wasz mój moja pan pani państwo "
        "proszę prosimy jeśli jeżeli gdy kiedy ale i a oraz lub albo więc zatem jednak także również potem następnie "
        "każdy każda każde wszystkie wszyscy żaden nikt nic ktoś coś kto co gdzie dlaczego jak który która które czy "
        "tak już jeszcze tylko dziś jutro wczoraj według podczas ponieważ bo aby",
    ),
}

LETTERED = _set(
    "annex appendix schedule exhibit plan vitamin class type option building block room part section house "
    "annexe vitamine classe groupe bloc allegato vitamina gruppo tipo anexo grupo bijlage groep klasse załącznik typ "
    "grupa in en w server serveur servidor"
)
"""Behind these a single letter is no initial of a name."""

MONTHS = _set("januar jänner februar feber märz april mai juni juli august september oktober november dezember")
"""German ones."""

BEFORE_ORDINAL = _set(
    "im in ins am an zum zur vom beim als der die das dem den des ein eine einen einem einer eines jeder jede jeden "
    "jedem jedes dieser diese diesen diesem dieses sein seine seinen seinem seiner ihr ihre ihren ihrem ihrer unser "
    "unsere unseren unserem unserer mein meine meinen meinem meiner dein deine deinen deinem deiner kein keine"
)
"""German words before a number with a dot that is an ordinal if a noun follows."""

# ---- sentences that refer to the one before them


_PRONOUNS: Mapping[str, str] = {
    "en": r"(?:it(?! is (?:\w+ )?\w+ (?:to|that)\b)|its|he|his|she|her|they|their|such|also|"
    r"(?:this|that|these|those)(?= (?:\w+s|are|were|can|may|must|shall|will|should|have)\b))",
    "de": r"(?:es|er|dies|ihre?|auch|(?:das|diese)(?= (?:ist|sind|gilt|war|waren|kann|muss|wird|ergibt|bedeutet|"
    r"entspricht|heißt|führt)\b))",
    "fr": r"(?:il(?! est (?:interdit|permis|possible|nécessaire))|ils|elles?|cela|ceci|ce(?= n?'?est)|c(?=['’]est))",
    "es": r"(?:él|ella|ellos|ellas|ello|esto|eso)",
    "it": r"(?:esso|essa|essi|esse|ciò|questo(?= è))",
    "pl": r"(?:on|ona|ono|oni|one|to(?= jest))",
    "pt": r"(?:ele|ela|eles|elas|isto|isso)",
    "nl": r"(?:het(?= (?:is|wordt|kan|moet))|zij|ze|hij|dit(?= is))",
}
_LINKS: Mapping[str, str] = {
    "en": r"(?:(?:if|when|unless|until|after) (?:it|he|she|they|so|not|this)|otherwise|in (?:this|that|such a) case|"
    r"(?:we|they|the \w+) (?:have|has|had)(?: \w+)? to do so|please \w+ (?:it|them|this))",
    "de": r"(?:(?:wenn|falls|sobald) (?:er|sie|es|dies|das)|andernfalls|sonst|in diesem fall|dabei|dafür|dazu|hierfür|"
    r"hierzu)",
    "fr": r"(?:dans ce cas|sinon|à défaut|s['’]ils?|si (?:elles?|cela))",
    "es": r"(?:en (?:este|ese|tal) caso|de lo contrario|si no|para ello)",
    "it": r"(?:in (?:questo|tal) caso|altrimenti|in caso contrario|a tal fine)",
    "pl": r"(?:w (?:tym|takim) (?:przypadku|wypadku)|w przeciwnym razie|w tym celu)",
    "pt": r"(?:n(?:este|esse) caso|caso contrário|para isso)",
    "nl": r"(?:in dat geval|anders|daarvoor|hiervoor|als (?:hij|zij|ze|dit|dat))",
}


def begins_with_pronoun(sentence: str, language: str) -> bool:
    """Return whether a sentence begins so that it says nothing alone: "It is", "This applies", but not "This lease"."""
    return _begins_with(_PRONOUNS, sentence, language)


def refers_back(sentence: str, language: str) -> bool:
    """Return whether a sentence begins with a pronoun, or as a consequence or condition of what stands before it."""
    return begins_with_pronoun(sentence, language) or _begins_with(_LINKS, sentence, language)


def _begins_with(patterns: Mapping[str, str], sentence: str, language: str) -> bool:
    pattern = patterns.get(language or "en")
    return pattern is not None and re.match(rf"{pattern}(?!\w)", sentence, re.IGNORECASE) is not None


# ---- detects the language of a text, among a few
#
# For sentences: one or two words are too little, and left undecided. By py3langid, a naive Bayes model over byte
# sequences (Lui and Baldwin 2011, 2012). Loading it takes some 0.4 s, at the first call, so not on the window's
# thread.


LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "nl", "pl")
"""Codes of ISO 639-1 of the languages the exams ask in."""
LEAST_WORDS = 4
"""Below that a third of the answers were wrong on real messages; of the exams' pieces of four words 1 in 80 is."""
SURE = 0.8
"""Less than that is undecided: whole sentences of the eight languages reached 0.96 and more, those of a ninth 0.74."""

_ONE_BY_ONE = r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"
"""Letters that are written without spaces and count as a word each."""
_WORDS = re.compile(rf"{_ONE_BY_ONE}|(?:(?!{_ONE_BY_ONE})[^\W\d_])+")
_loading = threading.Lock()


def detect(text: str, among: Collection[str] = LANGUAGES) -> tuple[str | None, float]:
    """The code of the language of a text, one of `among`, and how certain that is, 0..1.

    None when the text is too short or no language stands out; the second value is then how certain the best guess is.
    Any thread.  Raises ValueError for an unknown code.
    """
    identifier = _identifier(frozenset(among))
    if len(_WORDS.findall(text)) < LEAST_WORDS:
        return None, 0.0
    code, sure = identifier.classify(text)
    return (code if sure >= SURE else None), sure


@cache
def _identifier(among: frozenset[str]) -> LanguageIdentifier:
    """One for each set of languages, since `set_languages` changes the identifier itself."""
    found = copy.copy(_whole())
    found.set_languages(sorted(among))
    return found


def _whole() -> LanguageIdentifier:
    with _loading:
        return _load()


@cache
def _load() -> LanguageIdentifier:
    """The model, unpacked in memory: the library would use a temporary file, and a child may write none."""
    import io
    import lzma
    from array import array
    from zipfile import ZipFile

    from numpy.lib.format import read_array
    from py3langid.langid import MODEL_DIR, MODEL_FILE, LanguageIdentifier

    with lzma.open(MODEL_DIR / MODEL_FILE) as packed, ZipFile(io.BytesIO(packed.read())) as archive:
        data = {}
        for name in ("ptc", "pc", "classes", "nextmove", "nextmove_row", "out_feat"):
            with archive.open(f"{name}.npy") as part:
                data[name] = read_array(part, allow_pickle=False)
        tables = (data[name] for name in ("nextmove", "nextmove_row"))
        moves, rows = (array("HIL"[(2, 4, 8).index(table.dtype.itemsize)], table.tobytes()) for table in tables)
        classes, output = data["classes"].tolist(), data["out_feat"].tolist()
        return LanguageIdentifier(data["ptc"], data["pc"], classes, moves, output, norm_probs=True, tk_row=rows)


# ---- stop words of eight languages, left out when passages are searched for a question
#
# Short lists of our own: articles, pronouns, auxiliaries, prepositions and question words, folded as text.folding
# does.


_EN = """a an the and or but if of in on at by for from to into with without about as than then so that this these
those there here it its he she they them his her their we us our you your i my me is are was were be been being am
do does did done has have had having can could may might must shall should will would not no nor what which who whom
whose when where why how much many any some all each every such only own same also very just between through during
before after above below up down out off over under again back once both few more most other tell say said says please
give explain describe mention mentioned according document text page s t"""
_DE = """der die das des dem den ein eine einer eines einem einen und oder aber wenn in im an am auf bei beim fur von
vom zu zum zur mit ohne uber als wie so dass dieser diese dieses diesem diesen jener jene es er sie ihr ihre ihrer
ihrem ihren sein seine seiner seinem seinen wir uns unser unsere ich mein meine mir mich du dein deine ist sind war
waren wird werden wurde wurden worden hat haben hatte hatten kann konnen konnte darf durfen muss mussen soll sollen
will wollen nicht kein keine keinen was welche welcher welches welchen wer wem wen wessen wann wo warum weshalb wieso
womit wofur wozu welchem gibt gab wieviel viel viele alle jeder jede jedes nur auch sehr noch schon zwischen durch
wahrend vor nach unter aus um bis gegen man sich nennt steht dokument text seite"""
_FR = """le la les l un une des du de d et ou mais si dans en au aux a par pour avec sans sur sous que qui quoi dont
ou ce cet cette ces il elle ils elles on nous vous je tu mon ma mes ton ta tes son sa ses notre nos votre vos leur
leurs est sont etait etaient etre ete ai as ont avait avaient avoir peut peuvent doit doivent fait faire ne pas plus
non quel quelle quels quelles quand comment pourquoi combien tout tous toute toutes chaque aussi tres entre pendant
avant apres chez vers lui deja encore va vont se s y n qu j c document texte page dit"""
_ES = """el la los las un una unos unas y o pero si de del en al a por para con sin sobre que quien quienes cual
cuales cuando donde como cuanto cuanta cuantos cuantas porque este esta estos estas ese esa esos esas aquel lo le les
se su sus mi mis tu tus nos nuestro nuestra yo ella ellos ellas es son era eran ser sido fue fueron esta estan estaba
hay tiene tienen tenia ya ha han habia haber puede pueden debe deben hace hacer no ni mas muy tambien entre durante
antes despues desde hasta todo todos toda todas cada documento texto pagina dice"""
_IT = """il lo la i gli le un uno una e o ma se di del dello della dei degli delle in nel nella nei nelle al allo alla
ai alle da dal dalla con senza su sul sulla per che chi cui quale quali quando dove come quanto quanta quanti quante
perche questo questa questi queste quello quella quelli quelle lui lei loro noi voi io mio mia suo sua suoi sue nostro
e sono era erano essere stato ha hanno aveva avere puo possono deve devono fa fare non piu molto anche tra fra durante
prima dopo ogni dallo dagli dalle nello negli sullo sui sugli sulle qualcuno gia ancora tutto tutti tutta tutte si ci
documento testo pagina dice"""
_PT = """o a os as um uma uns umas e ou mas se de do da dos das em no na nos nas ao aos por pelo pela para com sem
sobre que quem qual quais quando onde como quanto quanta quantos quantas porque este esta estes estas esse essa isso
aquele ele ela eles elas seu sua seus suas meu minha nos nosso nossa eu e sao era eram ser sido foi foram esta estao
ha tem tinha ter pode podem deve devem faz fazer nao mais muito tambem entre durante antes depois desde ate todo
todos toda todas cada documento texto pagina diz"""
_NL = """de het een en of maar als in op aan bij voor van naar tot met zonder over dan zo dat dit deze die er hier
hij zij ze het hun haar zijn wij we ons onze jij je jouw ik mijn mij is was waren ben bent word wordt worden werd
werden heeft hebben had hadden kan kunnen kon mag mogen moet moeten zal zullen wil willen niet geen wat welke welk
wie wiens wanneer waar waarom hoe hoeveel veel alle elke ieder iedere alleen ook zeer nog al tussen door tijdens
voor na onder uit om tegen men zich document tekst pagina staat zegt te"""
_PL = """i a oraz lub ale jesli w we na o od do z ze za po przy dla bez nad pod przez przed miedzy jak jako niz ze to
ten ta te tego tej tych tym ktory ktora ktore ktorych kto kogo komu ktos ilu jakiej jakiego jakim jakich trzeba bedzie
co czym kiedy gdzie dlaczego czy ile jaki jaka jakie jest sa byl byla bylo byly byc zostal zostala zostaly ma maja
mial miec moze moga musi musza nalezy nie ani on ona ono oni one jego jej ich my wy ja moj twoj swoj sie tylko takze
rowniez bardzo juz jeszcze kazdy kazda kazde wszystkie wszystko dokument tekst strona mowi"""

STOP_WORDS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        code: frozenset(words.split())
        for code, words in (
            ("en", _EN), ("de", _DE), ("fr", _FR), ("es", _ES), ("it", _IT), ("pt", _PT), ("nl", _NL), ("pl", _PL)
        )
    }
)  # fmt: skip
"""By ISO 639-1."""

_ASKING = """amount amounts amounting cost costs costing price long much high large big number total date year hoch
lang betragt betragen betrag kostet kosten preis dauert dauer lange lautet nummer datum gilt jahr montant coute cout
prix duree numero annee importe cuesta precio durada fecha costa prezzo durata data kosztuje cena wynosi kwota kost
bedraagt prijs reason grund raison motivo razon causa powod powodu kwoty kwote rok roku ano anno"""
ASKING_WORDS = frozenset(_ASKING.split())
"""Folded words that ask for a value, or stand beside one, and do not say what of."""


def stop_words_of(words: Sequence[str]) -> frozenset[str]:
    """The stop words of the language that most of these words belong to; empty where no list has any."""
    hits = {code: sum(word in known for word in words) for code, known in STOP_WORDS.items()}
    best = max(hits, key=lambda code: hits[code])
    return STOP_WORDS[best] if hits[best] else frozenset()


def search_words(question: str) -> list[str]:
    pieces = list(dict.fromkeys(piece for run in query_pieces(question) for piece in run))
    small = stop_words_of(pieces)
    return [piece for piece in pieces if piece not in small]


# ---- finds what a text leaves to be filled in


MOST_BLANKS = 8

_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`|\$\$.*?\$\$|^(?: {4}|\t).*$", re.DOTALL | re.MULTILINE)
_BLANK = re.compile(
    r"(?<![\w\])])\[(?!sic\])[^\W\d_](?:[^\W\d_]|[ '’/.,&-]){2,50}\](?![(\[:])"  # a link and its definition are none
    r"|(?<![\w_])_{4,}(?![\w_])"
)


def blanks_in(text: str) -> tuple[str, ...]:
    """Return the blanks of a text in Markdown, each once, at most MOST_BLANKS; code has none."""
    found = dict.fromkeys(match[0] for match in _BLANK.finditer(_CODE.sub(" ", text)))
    return tuple(found)[:MOST_BLANKS]
