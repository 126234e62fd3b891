"""One sentence about a burner or the stove, or why something was refused, to be read out by a phone."""

from collections.abc import Mapping
from datetime import datetime

from api.rest.languages import Language
from api.rest.speech_words import ADVICE, REFUSALS, SENTENCES
from controller.terms import Ending, HoldKind, Status
from controller.view import BurnerView, StoveView
from hardware.clock import Millis
from hardware.durations import in_words

_UNITS = {"d": "day", "h": "hour", "min": "minute", "s": "second"}
_SOONER = (Ending.NIGHT, Ending.SWEEP, Ending.PAUSE)

Values = Mapping[str, str | Millis]


def burner(view: BurnerView, language: Language) -> str:
    """ "Left shuts off at 18:42, in 25 minutes." """
    if view.ending is not None and view.ending.kind in _SOONER:
        return _say(language, view.ending.kind, name=view.name, clock=_clock(view.ending.ends_at))
    if view.timer is not None:
        left = _spoken(round(view.timer.remaining_s * 1000), language)
        return _say(language, "timer", name=view.name, clock=_clock(view.timer.ends_at), left=left)
    if view.status in (Status.SHUT_OFF, Status.LOCKED, Status.LOCKOUT):
        return _held(view, language)
    if view.limit is not None:
        return _say(language, "limit", name=view.name, clock=_clock(view.limit.ends_at))
    return _say(language, "ready" if view.permitted else "open", name=view.name)


def burners(views: list[BurnerView], language: Language) -> str:
    """Every burner in a sentence of its own."""
    return _join([burner(view, language) for view in views], language)


def stove(view: StoveView, language: Language) -> str:
    """Every burner in a sentence of its own, problems first; a lockout is both, and said once."""
    problems = [_problem(problem, view.burners, language) for problem in view.problems]
    return _join([*problems, *(burner(entry, language) for entry in view.burners)], language)


def refusal(language: Language, kind: str, detail: str, code: str = "", values: Values | None = None) -> str:
    """A refusal: by its code, else by its problem's type, else in general and with the English ``detail``."""
    words = REFUSALS.get(language)
    if words is None:
        return detail
    pattern = words.get(code) if code else None
    said = {key: _value(key, value, language) for key, value in (values or {}).items()}
    return _fill(language, pattern or words.get(kind) or words[""], said | {"detail": detail})


def _held(view: BurnerView, language: Language) -> str:
    kinds = {hold.kind: hold for hold in view.holds}
    if HoldKind.LOCKOUT in kinds:
        return _lockout(view, kinds[HoldKind.LOCKOUT].cause, language)
    if HoldKind.INTERLOCK in kinds:
        return _say(language, "interlock", name=view.name, cause=kinds[HoldKind.INTERLOCK].cause)
    if HoldKind.LOCK in kinds:
        cause = kinds[HoldKind.LOCK].cause
        known = f"lock.{cause}" in SENTENCES[language]
        return _say(language, f"lock.{cause}" if known else "lock", name=view.name, cause=cause)
    return _say(language, "shut_off" if view.permitted else "shut_off_open", name=view.name)


def _lockout(view: BurnerView, cause: str, language: Language) -> str:
    """What is known, and what somebody at the stove has to do."""
    if language in ADVICE:
        advice = ADVICE[language]
        return _fill(language, advice.get(cause, advice[""]), {"name": view.name, "cause": cause})
    return view.problem or _say(language, "lockout", name=view.name)


def _problem(problem: str, views: list[BurnerView], language: Language) -> str:
    for view in views:
        if view.problem == problem and view.status is Status.LOCKOUT:
            return burner(view, language)
    return _say(language, "problem", problem=problem)


def _say(language: Language, key: str, **values: str) -> str:
    return _fill(language, SENTENCES[language][key], values)


def _fill(language: Language, pattern: str, values: Mapping[str, str]) -> str:
    """The sentence; in Chinese a Latin name keeps a space behind it, so that no voice reads it into what follows."""
    name = values.get("name", "")
    spaced = language is Language.CHINESE and name[-1:].isascii() and name != ""
    return pattern.format_map({**values, "name": f"{name} " if spaced else name})


def _value(key: str, value: str | Millis, language: Language) -> str:
    if isinstance(value, int):
        return _spoken(value, language)
    return REFUSALS[language].get(f"{key}.{value}", value)


def _join(sentences: list[str], language: Language) -> str:
    return SENTENCES[language]["between_sentences"].join(dict.fromkeys(sentences))


def _spoken(duration: Millis, language: Language) -> str:
    """ "1 hour 30 minutes": with the units spelt out, as a voice reads them best."""
    words, said = SENTENCES[language], in_words(duration).split()
    return words["between_units"].join(
        words[_UNITS[unit] + ("" if amount == "1" else "s")].format(amount=amount)
        for amount, unit in zip(said[::2], said[1::2], strict=True)
    )


def _clock(instant: str) -> str:
    return datetime.fromisoformat(instant).strftime("%H:%M")
