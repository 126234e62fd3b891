"""The caller's language, of those that are spoken here: what ``Accept-Language`` asks for."""

import re
from enum import StrEnum

from starlette.requests import Request

_QUALITY = re.compile(r"(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)")


class Language(StrEnum):
    """A language as it is named in ``Content-Language``."""

    ENGLISH = "en"
    CHINESE = "zh-Hans"


_RANGES = {
    Language.ENGLISH: re.compile("en(?:-.*)?"),
    Language.CHINESE: re.compile("zh(?:-cn|-sg|-hans(?:-.*)?)?"),  # traditional characters are not spoken here
}


def language(request: Request) -> Language:
    """The language that the caller likes best; English where none of ours is asked for."""
    return preferred(",".join(request.headers.getlist("accept-language")))


def preferred(accept_language: str) -> Language:
    """As :func:`language`, for the header's text. What is no language range with a quality is passed over."""
    wanted = [entry for text in accept_language.lower().split(",") if (entry := _entry(text)) is not None]
    scores = {language: _score(language, wanted) for language in Language}
    best = max(scores.values())
    return next(spoken for spoken in Language if scores[spoken] == best) if best[0] > 0 else Language.ENGLISH


def _entry(text: str) -> tuple[str, float] | None:
    name, _, parameter = text.partition(";")
    key, _, value = parameter.strip().partition("=")
    if not parameter:
        return name.strip(), 1.0
    if key.strip() != "q" or not _QUALITY.fullmatch(value.strip()):
        return None
    return name.strip(), float(value)


def _score(language: Language, wanted: list[tuple[str, float]]) -> tuple[float, int]:
    """The quality it was given, by name rather than by ``*``, and minus its place, for what is liked alike."""
    named = [(quality, -place) for place, (name, quality) in enumerate(wanted) if _RANGES[language].fullmatch(name)]
    others = [(quality, -place) for place, (name, quality) in enumerate(wanted) if name == "*"]
    return max(named or others, default=(0.0, 0))
