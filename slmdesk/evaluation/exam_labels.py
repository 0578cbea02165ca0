"""Labels for exam results: short ones for lists, one sentence per skill for the model's card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from slmdesk.base.records import ModelRecord
from slmdesk.base.types import Json
from slmdesk.evaluation.exam_items import Skill
from slmdesk.evaluation.exams import ExamResult, SkillResult, note_of

_NOUNS: Mapping[Skill, str] = {
    Skill.FORMAT: "keeping to a form",
    Skill.BLOCK: "finding where a text says something",
    Skill.TRUTH: "judging true and false",
    Skill.LANGUAGE: "answering in the language asked",
    Skill.CORRECT: "corrections",
}
_FEW: Mapping[Skill, str] = {
    Skill.FORMAT: "fixed forms",
    Skill.BLOCK: "sources",
    Skill.TRUTH: "true or false",
    Skill.LANGUAGE: "languages",
    Skill.CORRECT: "corrections",
}
_LEVELS: Mapping[Skill, Mapping[str, str]] = {
    Skill.FORMAT: {
        "good": "Keeps to a form that is asked for, such as a list or a single word",
        "fair": "Keeps to a form more often than not",
        "weak": "Does not keep to a form; ask it for plain text",
    },
    Skill.BLOCK: {
        "good": "Names the passage that says something",
        "fair": "Often names the passage that says something; slmdesk checks each",
        "weak": "Names the wrong passages; slmdesk finds them by their words instead",
    },
    Skill.TRUTH: {
        "good": "Tells true from altered statements about a text",
        "fair": "Often tells true from altered statements; check what matters",
        "weak": "Do not rely on its judgement of true and false",
    },
    Skill.LANGUAGE: {
        "good": "Answers in the language asked",
        "fair": "Mostly answers in the language asked",
        "weak": "Often answers in another language than asked, or says nothing new",
    },
    Skill.CORRECT: {
        "good": "Corrects mistakes without rewriting",
        "fair": "Corrects some mistakes without rewriting; read what it changed",
        "weak": "Misses mistakes, or rewrites when it should correct",
    },
}


def sentence_of(name: str, result: ExamResult) -> str:
    return f"{name}: {short_words(result)}."


def short_words(result: ExamResult) -> str:
    by_level = {level: [_NOUNS[one.skill] for one in result.skills if one.level == level] for level in _ORDER}
    parts = [f"good for {_listed(['short chats', *by_level['good']])}"]
    if by_level["fair"]:
        parts.append(f"fair at {_listed(by_level['fair'])}")
    if by_level["weak"]:
        parts.append(f"do not rely on it for {_listed(by_level['weak'], 'or')}")
    return "; ".join(parts)


def few_words(result: ExamResult) -> str:
    weak = [_FEW[one.skill] for one in result.skills if one.level == "weak"]
    fair = [_FEW[one.skill] for one in result.skills if one.level == "fair"]
    if len(weak) == len(result.skills):
        return "for short chats only"
    if weak:
        return f"weak at {', '.join(weak)}"
    return f"good, but fair at {', '.join(fair)}" if fair else "good at all that was examined"


def lines_of(result: ExamResult) -> tuple[str, ...]:
    return tuple(f"{_LEVELS[one.skill][one.level]}: {_grounds(one)}." for one in result.skills)


def thinking_lines(plain: ExamResult, thinking: ExamResult) -> tuple[str, ...]:
    pairs = [(plain.of(one.skill), one) for one in thinking.skills]
    rows = [(_NOUNS[two.skill], one, two) for one, two in pairs if one is not None]
    width = max(len(noun) for noun, _one, _two in rows)
    lines = [f"{'':<{width}}  without    with thinking"]
    lines += [
        f"{noun:<{width}}  {f'{one.passed} of {one.total}':<9}  {two.passed} of {two.total}" for noun, one, two in rows
    ]
    if not thinking.thoughts:
        return (*lines, "It did not think aloud before any answer, so both are the same question asked twice.")
    gain = sum(two.passed - one.passed for _noun, one, two in rows)
    if abs(gain) <= SMALL_GAIN:
        return (*lines, f"Thinking made little difference: {gain:+} of {sum(two.total for *_, two in rows)} tasks.")
    how = "passes more with" if gain > 0 else "passes fewer with"
    return (*lines, f"It {how} thinking: {gain:+} of {sum(two.total for *_, two in rows)} tasks.")


def note_words(record: ModelRecord) -> str:
    note: Mapping[str, Json] = note_of(record)
    minutes = note.get("minutes")
    match note.get("reason"):
        case "slow":
            about = f"about {minutes} min" if isinstance(minutes, int) else "long"
            return f"No automatic test: it would take {about} on this PC."
        case "offered":
            about = f" The test takes about {minutes} min." if isinstance(minutes, int) else ""
            return f"Not tested yet.{about} It runs in the background."
        case "stopped":
            return "The exam was stopped. You can run it again; what was answered is kept."
        case "failed":
            return "The exam could not be done. You can run it again."
    return ""


SMALL_GAIN = 3
"""Tasks by which two exams of the same model may differ by chance."""
_ORDER = ("good", "fair", "weak")


def _grounds(one: SkillResult) -> str:
    if one.auc is None:
        return f"{one.passed} of {one.total} tasks"
    return f"it trusts the true one of two in {round(one.auc * 100)} of 100 cases, and guessing gives 50"


def _listed(words: Sequence[str], last: str = "and") -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"
