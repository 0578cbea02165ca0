"""Drawn pages: an official letter in six languages, each as it comes from ten kinds of scanners, faxes and phones."""

from __future__ import annotations

import io
import random
from collections.abc import Iterator
from dataclasses import dataclass

import pypdfium2 as pdfium
from PIL import Image, ImageDraw, ImageFilter, ImageFont

KINDS = (
    "clean", "fax", "turned", "upside down", "sideways", "blurred", "stamped", "two columns", "photo", "table",
)  # fmt: skip
FOLDER = "/usr/share/fonts/truetype"
FONTS = (
    "liberation/LiberationSerif-Regular.ttf", "liberation/LiberationSans-Regular.ttf", "dejavu/DejaVuSerif.ttf",
    "dejavu/DejaVuSans.ttf",
)  # fmt: skip
SIZE = 2480, 3508
STAMP = "EINGEGANGEN"
LETTERS = {
    "de": (
        "Stadtwerke Musterhausen GmbH, Am Güterbahnhof 17, 06108 Halle (Saale)",
        "Rechnung Nr. 2026-004711 vom 14.03.2026",
        "Sehr geehrte Frau Müller-Lüdenscheidt, für die Lieferung von Strom im Zeitraum vom 01.01.2025 bis zum "
        "31.12.2025 berechnen wir Ihnen insgesamt 1.034,27 EUR. Bitte überweisen Sie den Betrag bis zum 15. April 2026 "
        "auf das Konto DE02 1203 0000 0000 2020 51 und geben Sie die Kundennummer 58100234 an.",
        "Die Zählerstände wurden am 30.12.2025 abgelesen. Der Verbrauch beträgt 3.208 kWh, das sind 6,5 % weniger als "
        "im Vorjahr. Unsere Umsatzsteuer-Identifikationsnummer lautet DE136695976. Widerspruch können Sie innerhalb "
        "eines Monats schriftlich einlegen; größere Änderungen teilen wir Ihnen frühzeitig mit.",
    ),
    "en": (
        "Harbour & Sons Solicitors, 24 Quayside Road, Bristol BS1 6XN",
        "Our reference: LT/2026/0815, 9 February 2026",
        "Dear Mr Whitfield, we act for the landlord of the premises at 118 Kingsdown Parade. Under clause 7.3 of the "
        "lease dated 25/06/2019 the rent of £1,450.00 a month was due on 01/01/2026. As of today £2,175.50 remains "
        "unpaid. Please transfer this amount within 14 days to GB29 NWBK 6016 1331 9268 19.",
        "If we do not receive payment by 23 February 2026 we shall begin proceedings without further notice and claim "
        "interest at 8 % a year together with costs of £355.00. Should you wish to discuss a payment plan, call "
        "0117 496 0123 and quote the reference above.",
    ),
    "fr": (
        "Mutuelle des Artisans, 45 avenue Jean-Jaurès, 69007 Lyon",
        "Dossier no 7823-461, le 18/11/2025",
        "Madame, Monsieur, nous avons bien reçu votre déclaration de sinistre du 03/11/2025. Les dégâts causés par "
        "l’eau dans votre atelier sont estimés à 4.862,90 euros après déduction de la franchise de 150,00 euros. "
        "Le règlement sera versé sur le compte FR14 2004 1010 0505 0001 3M02 606 avant le 15 décembre 2025.",
        "Nous vous prions de conserver les pièces endommagées jusqu’au passage de l’expert, prévu le 24/11/2025 à "
        "9 h 30. Si vous ne pouvez être présent, veuillez nous prévenir au 04 72 33 18 90.",
    ),
    "es": (
        "Ayuntamiento de Valdeolmos, Plaza Mayor 3, 28130 Madrid",
        "Expediente 2025/00389, 7 de octubre de 2025",
        "Estimada señora Muñoz: le comunicamos que la liquidación del impuesto sobre bienes inmuebles asciende a "
        "812,46 euros. El plazo de pago termina el 20/11/2025. Puede ingresar el importe en la cuenta "
        "ES91 2100 0418 4502 0005 1332 indicando el número de expediente.",
        "Si no está conforme, podrá presentar recurso de reposición en el plazo de un mes. A partir del 21/11/2025 se "
        "aplicará un recargo del 5 %. Más información en el teléfono 918 452 117, de lunes a viernes.",
    ),
    "it": (
        "Studio Notarile Bianchi, Via Garibaldi 12, 10122 Torino",
        "Repertorio n. 15.234, Torino, 22 maggio 2026",
        "Gentile dottor Però, in relazione alla compravendita dell’immobile di via Po 88 le ricordiamo che il saldo di "
        "125.400,00 euro dovrà essere versato entro il 30/06/2026 sul conto IT60 X054 2811 1010 0000 0123 456. La "
        "caparra di 20.000,00 euro è già stata registrata il 12/05/2026.",
        "Le spese notarili ammontano a 2.318,75 euro, comprese imposte e bolli. La preghiamo di portare un documento "
        "d’identità valido e il codice fiscale. Per qualsiasi necessità può telefonare allo 011 562 7741.",
    ),
    "pl": (
        "Spółdzielnia Mieszkaniowa Słoneczna, ul. Żeromskiego 5, 90-710 Łódź",
        "Znak sprawy: SM/412/2026, dnia 16.04.2026",
        "Szanowna Pani, informujemy, że zaległość w opłatach za lokal nr 27 wynosi 1.587,32 zł. Prosimy o wpłatę do "
        "dnia 30.04.2026 na rachunek PL61 1090 1014 0000 0712 1981 2874. Po tym terminie naliczymy odsetki w wysokości "
        "11,25 % rocznie.",
        "Odczyt wodomierzy odbędzie się w dniu 05.05.2026 w godzinach od 16 do 19. W razie nieobecności prosimy o "
        "kontakt pod numerem 42 630 55 18. Jednocześnie przypominamy o corocznym zebraniu członków spółdzielni.",
    ),
}
ROWS = (("4711", 3, 912, 30), ("0815", 12, 40, 75), ("1050", 1, 1318, 6))
"""Rows of a bill: number, how many, price of one in whole euros and its cents."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A drawn page and what it says."""

    language: str
    kind: str
    suffix: str
    data: bytes
    text: str
    is_held_back: bool

    @property
    def figures(self) -> list[str]:
        """The words with a figure, without the signs around them."""
        return [figure for word in self.text.split() if (figure := plain(word)) and any(map(str.isdigit, figure))]


def plain(word: str) -> str:
    """A word without the signs around it."""
    return word.strip("()[]„“”\"',;:!?£€ ").rstrip(".")


def samples() -> Iterator[Sample]:
    """Sixty pages.  Every second one is held back from whoever changes the rules."""
    for at, language in enumerate(LETTERS):
        for number, kind in enumerate(KINDS):
            chance = random.Random(f"{language} {kind}")
            font = ImageFont.truetype(f"{FOLDER}/{FONTS[(at + number) % len(FONTS)]}", chance.choice((42, 46, 50)))
            image, text = _table(language, font) if kind == "table" else _letter(language, kind, font)
            suffix, data = _scanned(image, kind, chance)
            yield Sample(language, kind, suffix, data, text, (at + number) % 2 == 1)


def _letter(language: str, kind: str, font: ImageFont.FreeTypeFont) -> tuple[Image.Image, str]:
    image = Image.new("L", SIZE, 255)
    draw = ImageDraw.Draw(image)
    head, reference, first, second = LETTERS[language]
    y = _put(draw, font, head, 250, 300, 1950) + 80
    y = _put(draw, font, reference, 250, y, 1950) + 120
    if kind == "two columns":
        _put(draw, font, first, 250, y, 930)
        _put(draw, font, second, 1310, y + 11, 930)
    else:
        y = _put(draw, font, first, 250, y, 1950) + 60
        _put(draw, font, second, 250, y, 1950)
    return image, "\n".join(LETTERS[language])


def _put(draw: ImageDraw.ImageDraw, font: ImageFont.FreeTypeFont, text: str, x: int, y: int, width: int) -> int:
    line = ""
    for word in [*text.split(), ""]:
        if not word or draw.textlength(f"{line} {word}", font) > width:
            draw.text((x, y), line, fill=25, font=font)
            y, line = y + round(font.size * 1.35), word
        else:
            line = f"{line} {word}".strip()
    return y


def _table(language: str, font: ImageFont.FreeTypeFont) -> tuple[Image.Image, str]:
    """A bill with lines around its cells, in every second language without."""
    image = Image.new("L", SIZE, 255)
    draw = ImageDraw.Draw(image)
    head, reference, *_rest = LETTERS[language]
    y = _put(draw, font, head, 250, 300, 1950) + 80
    y = _put(draw, font, reference, 250, y, 1950) + 120
    total = sum(count * (100 * price + cents) for _number, count, price, cents in ROWS)
    names = {"de": "Summe", "en": "Total", "fr": "Total", "es": "Total", "it": "Totale", "pl": "Razem"}
    rows = [(number, str(count), _money(100 * price + cents), _money(count * (100 * price + cents)))
            for number, count, price, cents in ROWS]  # fmt: skip
    rows.append((names[language], "", "", _money(total)))
    edges, high = (250, 800, 1200, 1700, 2230), round(font.size * 2)
    for number, row in enumerate(rows):
        for left, right, cell in zip(edges, edges[1:], row, strict=False):
            place = left + 20 if left == edges[0] else right - 20 - draw.textlength(cell, font)
            draw.text((place, y + number * high + font.size * 0.4), cell, fill=25, font=font)
    if language in ("de", "fr", "it"):
        for number in range(len(rows) + 1):
            draw.line((edges[0], y + number * high, edges[-1], y + number * high), fill=0, width=3)
        for edge in edges:
            draw.line((edge, y, edge, y + len(rows) * high), fill=0, width=3)
    return image, "\n".join([head, reference, *(" ".join(filter(None, row)) for row in rows)])


def _money(cents: int) -> str:
    return f"{cents // 100:,}".replace(",", ".") + f",{cents % 100:02}"


def _scanned(image: Image.Image, kind: str, chance: random.Random) -> tuple[str, bytes]:
    if kind == "fax":  # in the usual or the fine resolution
        high = chance.choice((1146, 2292))
        small = image.resize((1728, high)).point(lambda level: 255 if level > 140 else 0)
        return "tif", _saved(small.convert("1"), "TIFF", compression="group4", dpi=(204, high // 12 + 1))
    if kind == "turned":
        slanted = image.rotate(chance.choice((-2, -1.3, 1.6, 2)), Image.Resampling.BICUBIC, fillcolor=255)
        return "png", _saved(slanted, "PNG", dpi=(300, 300))
    if kind == "upside down":
        return "pdf", _pdf(image.rotate(180))
    if kind == "sideways":
        return "pdf", _pdf(image.transpose(chance.choice((Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_270))))
    if kind == "blurred":
        return "jpg", _saved(image.filter(ImageFilter.GaussianBlur(2.2)), "JPEG", quality=45)
    if kind == "stamped":
        return "pdf", _pdf(_stamped(image, chance))
    if kind == "photo":
        return "jpg", _saved(_photo(image, chance), "JPEG", quality=75)
    return "png", _saved(image, "PNG", dpi=(300, 300))


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    target = io.BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()


def _pdf(image: Image.Image) -> bytes:
    made = pdfium.PdfDocument.new()
    width, height = image.width * 72 / 300, image.height * 72 / 300
    page = made.new_page(width, height)
    shape = pdfium.PdfImage.new(made)
    shape.load_jpeg(io.BytesIO(_saved(image.convert("RGB"), "JPEG", quality=80)), inline=True)
    shape.set_matrix(pdfium.PdfMatrix().scale(width, height))
    page.insert_obj(shape)
    page.gen_content()
    target = io.BytesIO()
    made.save(target)
    return target.getvalue()


def _stamped(image: Image.Image, chance: random.Random) -> Image.Image:
    """A blue stamp, half across the text, a little slanted."""
    font = ImageFont.truetype(f"{FOLDER}/{FONTS[1]}", 80)
    stamp = Image.new("L", (760, 260), 0)
    draw = ImageDraw.Draw(stamp)
    draw.rectangle((5, 5, 754, 254), outline=255, width=8)
    draw.text((60, 80), STAMP, fill=255, font=font)
    stamp = stamp.rotate(chance.uniform(-12, 12), expand=True)
    coloured = image.convert("RGB")
    ink = Image.new("RGB", stamp.size, (70, 90, 200))
    coloured.paste(ink, (1500, 1050), stamp.point(lambda level: level * 6 // 10))
    return coloured


def _photo(image: Image.Image, chance: random.Random) -> Image.Image:
    """A photo from above: a dark table, the page a little in perspective, a shadow over half of it, some noise."""
    width, height = SIZE
    sides = ((0, 0, 1, 1), (0, height, 1, -1), (width, height, -1, -1), (width, 0, -1, 1))
    corners = tuple(
        (x + right * chance.uniform(20, 110), y + down * chance.uniform(20, 110)) for x, y, right, down in sides
    )
    photo = image.transform(
        SIZE, Image.Transform.PERSPECTIVE, _perspective(corners), Image.Resampling.BICUBIC, fillcolor=60
    )
    shade = Image.linear_gradient("L").resize(SIZE).rotate(chance.choice((0, 90, 180, 270)), expand=False)
    shade = shade.point(lambda level: 95 + level * 160 // 255).filter(ImageFilter.GaussianBlur(40))
    dark = Image.composite(photo, Image.new("L", SIZE, 0), shade)
    noise = Image.effect_noise(SIZE, 18)
    return Image.blend(dark, noise, 0.06).filter(ImageFilter.GaussianBlur(0.8)).resize((1860, 2631))


def _perspective(corners: tuple[tuple[float, float], ...]) -> list[float]:
    """What lays the page onto these corners (upper left, lower left, lower right, upper right)."""
    import numpy as np

    width, height = SIZE
    page = ((0, 0), (0, height), (width, height), (width, 0))
    rows, values = [], []
    for (x, y), (u, v) in zip(corners, page, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    return [float(each) for each in np.linalg.solve(np.array(rows), np.array(values))]
