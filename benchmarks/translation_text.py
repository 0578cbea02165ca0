"""A letter to tenants, as long as is wished: real sentences of several lengths, each with a number of its own."""

from __future__ import annotations

SENTENCES = (
    "Please read page {n} first.",
    "The rent for flat {n} is due on the third working day of each month.",
    "Heating and hot water are settled once a year by consumption, and meter {n} is read in December without notice.",
    "Do not leave bicycles in the stairwell.",
    "If a window does not close, write to us and name room {n}.",
    "The caretaker reads the messages every morning and answers most on the same day, except on public holidays.",
    "Keys to the cellar are kept in box {n}.",
    "A lost key must be reported at once, because the lock of the main door has to be changed in that case.",
    "The lift was checked in March.",
    "Rubbish is collected on Tuesdays, paper every second Friday, and glass goes into the container at number {n}.",
    "Quiet hours are from ten in the evening to six in the morning.",
    "Small repairs up to {n} euros are paid by the tenant.",
    "Whoever keeps a dog needs our consent, which may be withdrawn for good reason, such as when neighbours complain "
    "repeatedly and with cause.",
    "The garden belongs to all.",
    "From the first of May the playground is open until eight, and children from other houses are welcome.",
    "Smoke detector {n} must not be taken down or painted over.",
    "We will replace the pipes in the bathroom during the summer; the water will be turned off for at most two days.",
    "You will receive the exact dates two weeks before.",
    "The landlord may enter the flat only after an appointment, unless there is danger.",
    "Letter {n} has not been answered.",
    "A second parking space costs forty euros a month and can be given up at the end of any quarter.",
    "The insurance pays for damage by fire, storm and water from pipes, but not for what a tenant breaks.",
    "Please keep the door to the roof locked.",
    "The deposit of {n} euros is paid back with interest when nothing is owed.",
    "Subletting single rooms is allowed after we have agreed in writing.",
    "Washing machines in the cellar may be used by everybody who has entered their name in the list beside door {n}.",
    "Light bulbs are not replaced by us.",
    "When it snows, the tenants of the ground floor clear the path before seven, those of the other floors the yard.",
    "The notice period is three months for you, and for us between three and nine months, depending on how long you "
    "have lived in the house.",
    "Form {n} can be found on our pages.",
    "Drilling is allowed on weekdays between nine and noon and between three and six.",
    "We ask for your understanding.",
    "The television cable in the living room was laid by a company that no longer exists, so nobody can repair it.",
    "Account {n} is closed.",
    "If you move out, read all meters together with the caretaker and sign the record.",
    "The walls were painted white and have to be handed over in a light colour.",
    "A contract that was signed at the door can be revoked within fourteen days without giving reasons.",
    "Invoice {n} was paid twice by mistake, and we will transfer the difference to the account you named.",
    "Nobody answered the telephone yesterday.",
    "With kind regards, your house management, second floor, room {n}.",
)


def sentences(count: int) -> list[str]:
    """So many, no two the same: those without a number of their own are counted in front."""
    texts = []
    for number in range(count):
        sentence = SENTENCES[number % len(SENTENCES)]
        turn = number // len(SENTENCES)
        text = sentence.format(n=number + 11)
        texts.append(text if text != sentence or not turn else f"{turn + 1}. {text}")
    return texts
