"""A batch of notices as one message: title, text, link and gravity."""

from dataclasses import dataclass

from api.notify.notice import Kind
from api.notify.queue import Batch
from api.notify.words import Words
from hardware.clock import Millis

_GRAVITIES = {"failure": {Kind.LOCKOUT}, "warning": {Kind.WARN, Kind.PROBLEM}, "info": set(Kind)}


@dataclass(frozen=True)
class Message:
    """What the sender is handed; ``link`` goes below the text where a service cannot carry it otherwise."""

    title: str
    text: str
    gravity: str = "info"  # info | warning | failure, as Apprise calls them
    link: str | None = None
    link_text: str = ""


@dataclass(frozen=True)
class Style:
    """How messages look: the stove's name above them, their language, and the page they link to."""

    title: str
    words: Words
    page: str | None


def compose(batch: Batch, style: Style, now: Millis) -> Message:
    """The message as it is true at ``now``."""
    lines = [style.words.sentence(notice, now) for notice in batch.notices]
    if batch.dropped:
        lines.append(style.words.text("more", n=str(batch.dropped)))
    kinds = {notice.kind for notice in batch.notices}
    gravity = next((name for name, grave in _GRAVITIES.items() if kinds & grave), "info")
    return _linked(style, _burner(batch), Kind.WARN in kinds, "\n".join(lines), gravity)


def trial(style: Style) -> Message:
    """A message that only says that it came."""
    return _linked(style, None, False, style.words.text("test"), "info")


def _linked(style: Style, burner: str | None, extends: bool, text: str, gravity: str) -> Message:
    if style.page is None:
        return Message(style.title, text, gravity)
    link = f"{style.page}/#/burner/{burner}" if burner is not None else f"{style.page}/"
    return Message(style.title, text, gravity, link, style.words.text("extend" if extends else "open", link=link))


def _burner(batch: Batch) -> str | None:
    """Whose page to open: the burner that is going to be shut off first, or the only one that is spoken of."""
    warnings = [notice for notice in batch.notices if notice.ends_at is not None]
    if warnings:
        return min(warnings, key=lambda notice: notice.ends_at or 0).burner
    burners = {notice.burner for notice in batch.notices}
    return burners.pop() if len(burners) == 1 else None
