"""What stands in the screenshots of documents and translations: texts of our own, and translations made by a person.

The starter model cannot translate: its words in a picture would be taken for what the program does with a model that
can.  So the sentences here are in the translation memory, as after a person's work, and the program takes them from
there; the last sentence is not, is the starter model's, and is marked as what it is.
"""

from __future__ import annotations

from pathlib import Path

PAIRS = (
    ("Lease agreement", "Mietvertrag"),
    ("The tenant rents the flat on the third floor.", "Der Mieter mietet die Wohnung im dritten Stock."),
    ("The rent is 900 euros a month.", "Die Miete beträgt 900 Euro im Monat."),
    ("It is due on the third working day.", "Sie ist am dritten Werktag fällig."),
    ("The deposit is three months' rent.", "Die Kaution beträgt drei Monatsmieten."),
    ("Keeping a dog needs the landlord's consent.", "Die Haltung eines Hundes bedarf der Zustimmung des Vermieters."),
    ("Small repairs up to 100 euros are the tenant's.", "Kleine Reparaturen bis 100 Euro trägt der Mieter."),
    ("Either side may end the lease with three months' notice.",
     "Beide Seiten können den Vertrag mit einer Frist von drei Monaten kündigen."),
)  # fmt: skip
UNKNOWN = "The keys are handed over on 1 May 2026."

TYPED = (
    f"{PAIRS[1][0]} {PAIRS[2][0]} {PAIRS[3][0]}\n\n{PAIRS[4][0]} {PAIRS[6][0]}\n\n{PAIRS[5][0]} {PAIRS[7][0]} {UNKNOWN}"
)

SECTIONS = (
    ("The flat", (PAIRS[1][0], "It has two rooms, a kitchen and a bathroom of 54 square metres together.",
                  "A cellar room belongs to it.")),
    ("The rent", (PAIRS[2][0], PAIRS[3][0], "Heating and water are paid in advance with 120 euros a month.",
                  "The landlord settles them once a year, by the end of October at the latest.")),
    ("The deposit", (PAIRS[4][0], "It may be paid in three instalments.",
                     "The landlord keeps it apart from his own money and returns it with interest.")),
    ("Living there", (PAIRS[5][0], PAIRS[6][0], "The tenant must not sublet without the landlord's consent.",
                      "Quiet hours are from 10 pm to 6 am.")),
    ("The end", (PAIRS[7][0], "Notice must be given in writing.", UNKNOWN,
                 "Please return one signed copy by 15 April 2026.")),
)  # fmt: skip


def write_pdf(path: Path) -> None:
    """The lease with its sections, a page for two of them."""
    from PySide6.QtGui import QPageSize, QPdfWriter, QTextDocument

    parts = [f"<h1>{PAIRS[0][0]}</h1>"]
    for at, (title, sentences) in enumerate(SECTIONS):
        style = ' style="page-break-before: always"' if at and not at % 2 else ""
        parts.append(f"<h2{style}>{at + 1}. {title}</h2>" + "".join(f"<p>{sentence}</p>" for sentence in sentences))
    document = QTextDocument()
    document.setHtml(f'<body style="font-size: 15pt">{"".join(parts)}</body>')
    writer = QPdfWriter(str(path))
    writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    document.print_(writer)
