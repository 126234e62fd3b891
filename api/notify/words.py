"""Notices in words, in English and Chinese.

A sentence is made when it is sent, so that "in 1 minute" is right then, and what comes late says how late.
"""

from api.notify.notice import Kind, Notice
from api.notify.words_en import EN
from api.notify.words_zh import ZH
from hardware.clock import MINUTE, SECOND, Millis

LANGUAGES = {"en": EN, "zh": ZH}
_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))


class Words:
    """One language."""

    def __init__(self, language: str) -> None:
        self._texts = LANGUAGES[language]

    def sentence(self, notice: Notice, now: Millis) -> str:
        """The notice as it is true at ``now``."""
        fields = {name: _one_line(text) for name, text in notice.fields.items()}
        if notice.ends_at is not None:
            fields["left"] = self.duration(notice.ends_at - now)
        text = self._texts[notice.key].format_map(fields)
        late = now - notice.at
        if notice.kind is Kind.WARN or late < MINUTE:
            return text
        return text + self._texts["late"].format(ago=self.duration(late // MINUTE * MINUTE))

    def text(self, key: str, **fields: str) -> str:
        """Any other text of the language."""
        return self._texts[key].format_map(fields)

    def duration(self, duration: Millis) -> str:
        """``1 minute 30 seconds``: whole seconds, begun ones counted, two units at the most."""
        seconds, parts = max(1, -(-duration // SECOND)), []
        for unit, size in _UNITS:
            amount, seconds = divmod(seconds, size)
            if amount:
                parts.append(self._texts[unit if amount == 1 else f"{unit}s"].format(n=amount))
        return " ".join(parts[:2])


def _one_line(text: str) -> str:
    """A name must not be able to look like a line of ours."""
    return "".join(character if character.isprintable() else " " for character in text)
