"""Writes letters in six languages of which every private thing is known, with its place.

Of parts in tests/golden/redaction.toml, or of those laid aside (redaction_held_out.toml).  The names, streets and firms
below are known to no rule of the program.
"""

from __future__ import annotations

import random
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from slmdesk.text.folding import fold

LANGUAGES = ("en", "de", "fr", "es", "it", "pl")
GOLDEN = Path(__file__).parents[1] / "golden"

_FIRST = {
    "en": (
        "Oliver George Arthur Stanley Harvey Colin Nigel Trevor Graham Clive Duncan Rupert Gareth Desmond Cedric",
        "Amelia Harriet Beatrice Imogen Tamsin Philippa Gillian Maureen Heather Rosalind Edith Winifred Saoirse Una",
    ),
    "de": (
        "Jürgen Holger Detlef Uwe Torsten Friedhelm Björn Matthias Volker Rüdiger Lothar Wolfgang Jörg Heiko Gernot",
        "Ingrid Sieglinde Heike Annegret Käthe Birgit Gudrun Waltraud Mechthild Silke Roswitha Jana-Marie Frauke Ute",
    ),
    "fr": (
        "Gérard Thierry Benoît Étienne Guillaume Jean-Luc Mathieu Yannick Rémi Loïc Fabrice Gaël Aurélien Hugues",
        "Solène Geneviève Maëlle Brigitte Anne-Sophie Odile Clémence Agnès Mireille Noémie Élodie Ségolène Fanny",
    ),
    "es": (
        "Ignacio Gonzalo Álvaro Rodrigo Jesús Ramón Joaquín Santiago Íñigo Fermín Emilio Germán Evaristo Anselmo",
        "Begoña Rocío Inmaculada Montserrat Nuria Almudena Pilar Concepción Encarnación Araceli Yolanda Maite Úrsula",
    ),
    "it": (
        "Gianluca Ettore Massimiliano Fabrizio Raffaele Cosimo Gennaro Vincenzo Tiziano Luigi Piergiorgio Ennio",
        "Giuseppina Ludovica Fiammetta Ornella Mariangela Assunta Donatella Graziella Benedetta Carmela Rosaria Ilaria",
    ),
    "pl": (
        "Grzegorz Zbigniew Wojciech Mirosław Przemysław Ryszard Bartłomiej Kazimierz Łukasz Sławomir Zenon Tadeusz",
        "Małgorzata Agnieszka Jadwiga Bożena Grażyna Elżbieta Halina Wiesława Zofia Stanisława Urszula Żaneta",
    ),
}
_LAST = {
    "en": (
        "Whitcombe Ashworth Pemberton Hargreaves Dunmore Fairclough Thistlewood Okonkwo Brackenridge O'Malley Selwyn"
        " Entwistle Holroyd Macauley Greenhalgh Sidebotham Featherstone Wren Patel Abernathy Cholmondeley Khan Tully"
    ),
    "de": (
        "Brüggemann Oehlschläger Wachsmuth Tiedemann Schönfelder Kretzschmar Groß-Bölting Yıldız Niedermayer Pfützner"
        " Hagedorn Löwenstein Rademacher Zschoche Hülsmann Krumbiegel Feddersen Özdemir Lindenau Quandt Behrendt Wüst"
    ),
    "fr": (
        "Delacroix Lefebvre Beauchamp Charpentier d'Arbois Guérin Bourgoin Thibault Le_Goff Marchandeau Vaillancourt"
        " Pelletier Roussillon Quéméner Benchetrit Fontanel Desjardins Haddad Lachaise de_Montferrand Verdier Ozanne"
    ),
    "es": (
        "Etxeberria Castellanos_Ruiz Montilla Zaragüeta Peñalver Iriarte_Campos Belmonte Quiroga Villanueva_Soto Ibáñez"
        " de_la_Fuente Olabarría Cifuentes Muñoz_Grandes Sepúlveda Urrutia Arozamena Tordesillas Barrenechea Gallardo"
    ),
    "it": (
        "Bevilacqua D'Ambrosio Mastroianni Quagliarella De_Santis Santoriello Pellegrinetti Cavalcanti Zanichelli Fusco"
        " Brambilla Lo_Presti Della_Valle Scognamiglio Tagliabue Ricciardelli Marchesini Vianello Passalacqua Guidi"
    ),
    "pl": (
        "Wiśniew+ski Kowalczyk Dąbrow+ski Szymczak Gołębiew+ski Pietrzak Zawadz+ki Błaszczyk Krzyżanow+ski Stępień"
        " Wąsik Nowic+ki Mroczek Tomaszew+ski Grzelak Jasiń+ski Sobczak Żmuda Cieślak Ostrow+ski"
    ),
}
_FIRMS = {
    "en": "Hollowell & Sons Ltd|Merrydown Logistics Limited|Brightwater Partners LLP|Castlegate Insurance plc",
    "de": "Nordlicht Feinmechanik GmbH|Wehrbach & Söhne KG|Rheingold Versicherungs AG|Tannhof Immobilien GmbH & Co. KG",
    "fr": "Ateliers Mirabeau SARL|Transports Vaucluse SAS|Assurances du Ponant SA|Menuiserie Kerviel EURL",
    "es": "Talleres Guadiana S.L.|Conservas Cantábrico S.A.|Seguros Alborada S.A.|Hormigones Tajo S.L.U.",
    "it": "Officine Valsesia S.r.l.|Trasporti Adriatica S.p.A.|Molini Brenta S.n.c.|Cantieri Lario S.r.l.",
    "pl": "Stolarnia Bukowina sp. z o.o.|Przewozy Narew S.A.|Ubezpieczenia Wawel S.A.|Zakłady Rolne Noteć sp. z o.o.",
}
_STREETS = {
    "en": "{n} Larkspur Road|{n} Old Mill Lane|Flat 2, {n} Queensway Avenue|{n} St Olaf's Street|{n} Harbour Row",
    "de": "Lindenstraße {n}|Am Alten Bahnhof {n}|Kirchweg {n}a|Max-Planck-Str. {n}|Rosengasse {n}|Ohm-Allee {n}",
    "fr": "{n}, rue des Tilleuls|{n} avenue du Maréchal Foch|{n} bis, boulevard de la Liberté|{n} impasse Sainte-Anne",
    "es": "Calle Mayor, {n}|Avda. de la Constitución, {n}, 3º B|C/ Alcalá {n}|Plaza San Juan, {n}|Paseo del Prado {n}",
    "it": "Via Garibaldi {n}|Viale dei Mille, {n}|Piazza San Marco {n}|Corso Emanuele II, {n}|Via dell'Olmo, {n}/B",
    "pl": "ul. Mickiewicza {n}|ul. Jana Pawła II {n}/12|al. Niepodległości {n} m. 4|os. Piastów {n}|pl. Wolności {n}",
}
_TOWNS = {
    "en": "Wymondham NR18 {b}QT|Sheffield S10 {b}BD|London SW1A {b}AA|Leominster HR6 {b}JN",
    "de": "{a} Wuppertal|{a} Bad Salzuflen|{a} Neustadt an der Weinstraße|A-1{b}30 Wien",
    "fr": "{a} Villeurbanne|{a} Saint-Brieuc|{a} Aix-en-Provence|{a} Limoges",
    "es": "{a} Valladolid|{a} San Sebastián|{a} Jerez de la Frontera|{a} Lugo",
    "it": "{a} Busto Arsizio|{a} Ferrara (FE)|{a} Reggio Emilia|{a} Lecce",
    "pl": "{p} Bydgoszcz|{p} Zielona Góra|{p} Nowy Sącz|{p} Gdynia",
}
_CITIES = {
    "en": "York Bristol Leeds",
    "de": "Hamburg Kassel Ulm",
    "fr": "Lyon Nantes Dijon",
    "es": "Sevilla Bilbao Murcia",
    "it": "Torino Bari Verona",
    "pl": "Lublinie Radomiu Opolu",
}
_MONTHS = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "pl": "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia",
}
_IBAN = {"en": "GB2!n4!a14!n", "de": "DE2!n18!n", "fr": "FR2!n10!n11!c2!n", "es": "ES2!n20!n", "it": "IT2!n1!a22!n"}
_IBAN |= {"pl": "PL2!n24!n"}
_PHONES = {
    "en": "+44 20 7946 0{c}|020 7946 0{c}|07700 900{c}|+44 (0)161 496 0{c}",
    "de": "+49 30 901820{c}|030 / 901820{c}|0171 39201{c}|+43 1 5880{c}0|0611/3609{c}",
    "fr": "+33 1 99 00 {d} {e}|01.99.00.{d}.{e}|06 39 98 {d} {e}",
    "es": "+34 612 345 {c}|912 345 {c}|612 34 {d} {e}",
    "it": "+39 06 699 {c}1|02 8646 {c}1|347 123 4{c}",
    "pl": "+48 22 555 {d} {e}|601 234 {c}|22 555 {d} {e}",
}
_PIECE = re.compile(r"\{(\w)\?([^|{}]*)\|([^{}]*)\}|\{(\w+(?:\.\w+)*)\}")


@dataclass(frozen=True, slots=True)
class Truth:
    """A private thing that stands in a letter from `start` to `end`."""

    kind: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter, and all that is private in it."""

    language: str
    text: str
    truths: tuple[Truth, ...]


@dataclass(frozen=True, slots=True)
class _Person:
    first: str
    last: str
    is_woman: bool


@dataclass(slots=True)
class _Writer:
    random: random.Random
    language: str
    people: dict[str, _Person]
    firm: str
    parts: list[str] = field(default_factory=list)
    truths: list[Truth] = field(default_factory=list)
    length: int = 0

    def write(self, template: str) -> None:
        at = 0
        for piece in _PIECE.finditer(template):
            self._put(template[at : piece.start()])
            at = piece.end()
            if piece[1]:
                self._put(piece[3] if self.people[piece[1]].is_woman else piece[2])
            else:
                kind, text = self._fill(piece[4])
                self._put(text, kind)
        self._put(template[at:])

    def _put(self, text: str, kind: str = "") -> None:
        if kind:
            self.truths.append(Truth(kind, self.length, self.length + len(text)))
        self.parts.append(text)
        self.length += len(text)

    def _fill(self, name: str) -> tuple[str, str]:
        head, _, tail = name.partition(".")
        if head in self.people:
            return self._of_person(self.people[head], tail)
        if head == "firm":
            return "firm", self.firm
        rng, code = self.random, self.language
        if head in ("street", "town"):
            among = (_STREETS if head == "street" else _TOWNS)[code].split("|")
            text = rng.choice(among).replace("{n}", str(rng.randint(1, 189))).replace("{b}", str(rng.randint(1, 9)))
            text = text.replace("{a}", f"{rng.randint(10000, 98999)}")
            return "address", text.replace("{p}", f"{rng.randint(10, 98)}-{rng.randint(100, 999)}")
        if head in ("date", "birth"):
            year = rng.randint(1938, 2004) if head == "birth" else rng.randint(2019, 2026)
            return ("birth" if head == "birth" else ""), _day(rng, code, year)
        if head == "phone":
            return "phone", _phone(rng, code)
        if head in _NUMBERS:
            kind, make = _NUMBERS[head]
            return kind, make(rng, code)
        if head == "ref":
            return "reference", f"{rng.choice('ABKR')}-{rng.randint(100, 999)}/{rng.randint(19, 26)}"
        return "", {
            "amount": f"{rng.randint(1, 98)},{rng.randint(100, 999)}.00 EUR",
            "city": rng.choice(_CITIES[code].split()),
        }[head]

    def _of_person(self, person: _Person, form: str) -> tuple[str, str]:
        if form == "mail":
            local = ".".join(re.sub(r"[^a-z]", "", fold(part)) for part in (person.first, person.last))
            return (
                "email",
                f"{local}@{self.random.choice(('kanzlei-nord.example', 'post.example', 'mail.example.org'))}",
            )
        ending = form.endswith("g")
        first, last = person.first, person.last
        if ending:
            first, last = _with_ending(first, person, self.language), _with_ending(last, person, self.language)
            if self.language not in ("pl",):
                first = person.first
        part = form.removesuffix("g").removesuffix(".")
        return "person", {"": f"{first} {last}", "first": first, "last": last}[part]


def _with_ending(name: str, person: _Person, language: str) -> str:
    """The name as it stands for "of ...": with -s, 's, or as Polish declines it."""
    if language == "en":
        return f"{name}'s"
    if language == "de":
        return name if name.endswith(("s", "z")) else f"{name}s"
    if language != "pl":
        return name
    if person.is_woman and name.endswith("ska") | name.endswith("cka") | name.endswith("dzka"):
        return f"{name[:-1]}iej"
    if name.endswith("a"):
        return f"{name[:-1]}{'i' if name[-2] in 'kg' else 'y'}" if not name.endswith("ia") else f"{name[:-1]}i"
    if name.endswith(("ski", "cki", "dzki")):
        return f"{name}ego"
    if person.is_woman:
        return name  # women's names that end in a consonant have no endings
    if name.endswith("ń"):
        return f"{name[:-1]}nia"
    if name.endswith("ek"):
        return f"{name[:-2]}ka"
    return f"{name}a"


def _day(rng: random.Random, code: str, year: int) -> str:
    day, month = rng.randint(1, 28), rng.randint(1, 12)
    named = _MONTHS[code].split()[month - 1]
    words = {"en": f"{day} {named} {year}", "de": f"{day}. {named} {year}", "es": f"{day} de {named} de {year}"}
    numbers = {
        "en": f"{day:02}/{month:02}/{year}",
        "de": f"{day:02}.{month:02}.{year}",
        "pl": f"{day}.{month:02}.{year}",
    }
    numbers |= dict.fromkeys(("fr", "es", "it"), f"{day:02}/{month:02}/{year}")
    return rng.choice((words.get(code, f"{day} {named} {year}"), numbers[code], numbers[code]))


def _phone(rng: random.Random, code: str) -> str:
    made = rng.choice(_PHONES[code].split("|"))
    for sign, low, high in (("{c}", 100, 999), ("{d}", 10, 99), ("{e}", 10, 99)):
        made = made.replace(sign, str(rng.randint(low, high)))
    return made


def _digits(rng: random.Random, count: int) -> str:
    return "".join(rng.choice("0123456789") for _ in range(count))


def _iban(rng: random.Random, code: str) -> str:
    shape = _IBAN[code]
    body = ""
    for size, kind in re.findall(r"(\d+)!([nac])", shape)[1:]:
        signs = {"n": "0123456789", "a": "ABCDEFGHKLMNPRSTVW", "c": "0123456789ABCDEF"}[kind]
        body += "".join(rng.choice(signs) for _ in range(int(size)))
    number = int("".join(str(int(sign, 36)) for sign in f"{body}{shape[:2]}00"))
    whole = f"{shape[:2]}{98 - number % 97:02}{body}"
    return whole if rng.random() < 0.4 else " ".join(whole[at : at + 4] for at in range(0, len(whole), 4))


def _card(rng: random.Random, code: str) -> str:
    from stdnum import luhn

    plain = rng.choice("45") + str(rng.randint(1, 5)) + _digits(rng, 13)
    plain += luhn.calc_check_digit(plain)
    return rng.choice((" ", "-", "")).join(plain[at : at + 4] for at in range(0, 16, 4))


def _valid(module: str, shape: str, *, prefix: str = "") -> Any:
    """Draw numbers of a shape (digits for n, letters for a) until one has the right check digits."""

    def make(rng: random.Random, code: str) -> str:
        from importlib import import_module

        check = import_module(f"stdnum.{module}").is_valid
        while True:
            drawn = "".join(
                rng.choice("0123456789")
                if sign == "n"
                else rng.choice("ABCDEFGHJKLMNPQRSTVWXYZ")
                if sign == "a"
                else sign
                for sign in shape
            )
            if check(drawn):
                return prefix + drawn

    return make


def _idnr(rng: random.Random, code: str) -> str:
    from stdnum.iso7064 import mod_11_10

    digits = rng.sample("0123456789", 10)
    digits[rng.randint(5, 9)] = digits[rng.randint(1, 3)]
    digits[0] = digits[0] if digits[0] != "0" else rng.choice("123456789")
    from stdnum.de import idnr

    plain = "".join(digits)
    plain += mod_11_10.calc_check_digit(plain)
    if not idnr.is_valid(plain):
        return _idnr(rng, code)
    return plain if rng.random() < 0.5 else f"{plain[:2]} {plain[2:5]} {plain[5:8]} {plain[8:]}"


def _cf(rng: random.Random, code: str) -> str:
    from stdnum.it import codicefiscale

    letters = "".join(rng.choice("BCDFGLMNPRSTVZ") for _ in range(6))
    plain = f"{letters}{rng.randint(40, 99)}{rng.choice('ABCDEHLMPRST')}{rng.randint(1, 28):02}H501"
    return plain + str(codicefiscale.calc_check_digit(plain))


def _nir(rng: random.Random, code: str) -> str:
    plain = f"{rng.choice('12')}{rng.randint(40, 99)}{rng.randint(1, 12):02}{rng.randint(10, 95)}{_digits(rng, 6)}"
    key = 97 - int(plain) % 97
    return f"{plain[0]} {plain[1:3]} {plain[3:5]} {plain[5:7]} {plain[7:10]} {plain[10:13]} {key:02}"


def _pesel(rng: random.Random, code: str) -> str:
    from stdnum.pl import pesel

    plain = f"{rng.randint(40, 99)}{rng.randint(1, 12):02}{rng.randint(1, 28):02}{_digits(rng, 4)}"
    return plain + pesel.calc_check_digit(plain)


def _rvnr(rng: random.Random, code: str) -> str:
    area, day, serial = rng.randint(10, 65), f"{rng.randint(1, 28):02}{rng.randint(1, 12):02}{rng.randint(40, 99)}", ""
    letter, serial = rng.choice("ABDEFGHKLMNPRSTW"), f"{rng.randint(0, 99):02}"
    plain = f"{area}{day}{ord(letter) - 64:02}{serial}"
    weights = (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1)
    total = sum(sum(map(int, str(int(digit) * weight))) for digit, weight in zip(plain, weights, strict=True))
    return f"{area} {day} {letter} {serial}{total % 10}"


_NUMBERS: dict[str, tuple[str, Any]] = {
    "iban": ("iban", _iban),
    "card": ("card", _card),
    "bsn": ("number", _valid("nl.bsn", "nnnnnnnnn")),
    "idnr": ("number", _idnr),
    "vat": ("number", _valid("de.vat", "nnnnnnnnn", prefix="DE")),
    "vnr": ("number", _valid("at.vnr", "nnnn010180")),
    "rvnr": ("number", _rvnr),
    "nir": ("number", _nir),
    "siret": ("number", _valid("fr.siret", "nnnnnnnnnnnnnn")),
    "siren": ("number", _valid("fr.siren", "nnnnnnnnn")),
    "tva": ("number", _valid("fr.tva", "nnnnnnnnnnn", prefix="FR")),
    "dni": ("number", _valid("es.dni", "nnnnnnnna")),
    "nie": ("number", _valid("es.nie", "Xnnnnnnna")),
    "cif": ("number", _valid("es.cif", "Bnnnnnnnn")),
    "cf": ("number", _cf),
    "iva": ("number", _valid("it.iva", "nnnnnnnnnnn")),
    "pesel": ("number", _pesel),
    "nip": ("number", _valid("pl.nip", "nnnnnnnnnn")),
    "regon": ("number", _valid("pl.regon", "nnnnnnnnn")),
}


@cache
def _templates(name: str) -> dict[str, Any]:
    return tomllib.loads((GOLDEN / f"{name}.toml").read_text("utf-8"))


def letters(seed: int, count: int, *, held_out: bool = False) -> Iterator[Letter]:
    """Letters in six languages by turns, always the same for one seed."""
    rng = random.Random(seed)
    parts = _templates("redaction_held_out" if held_out else "redaction")
    for number in range(count):
        code = LANGUAGES[number % len(LANGUAGES)]
        people: dict[str, _Person] = {}
        while len(people) < 4:
            made = _person(rng, code)
            if all({made.first, made.last} & {person.first, person.last} == set() for person in people.values()):
                people["rstu"[len(people)]] = made
        writer = _Writer(rng, code, people, rng.choice(_FIRMS[code].split("|")))
        own = parts[code]
        body = rng.sample(own["sentences"], rng.randint(5, 8))
        writer.write(rng.choice(own["heads"]) + "\n" + rng.choice(own["openings"]) + "\n\n")
        for at, sentence in enumerate(body):
            writer.write(sentence + ("\n\n" if at % 3 == 2 else " "))
        writer.write("\n\n" + rng.choice(own["closings"]) + "\n")
        yield Letter(code, "".join(writer.parts), tuple(writer.truths))


def _person(rng: random.Random, code: str) -> _Person:
    is_woman = rng.random() < 0.5
    last = rng.choice(_LAST[code].split()).replace("_", " ")
    stem, plus, ending = last.partition("+")
    if plus:
        last = stem + (ending[:-1] + "a" if is_woman else ending)
    return _Person(rng.choice(_FIRST[code][is_woman].split()), last, is_woman)
