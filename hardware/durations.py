"""The one place where text becomes a duration, and a duration becomes words.

>>> parse_duration("1h30m") == parse_duration("PT90M") == 5_400_000
True
>>> in_words(5_400_000)
'1 h 30 min'
"""

import re

from hardware.clock import HOUR, MINUTE, SECOND, Millis

# ASCII only: \d would also take full-width digits. Every unit at most once, in falling order.
_SHORT = re.compile(r"(?:([0-9]{1,5})d)?(?:([0-9]{1,6})h)?(?:([0-9]{1,7})m)?(?:([0-9]{1,9}(?:\.[0-9]{1,3})?)s)?")
_ISO = re.compile(
    r"P(?:([0-9]{1,5})D)?"
    r"(?:T(?=[0-9])(?:([0-9]{1,6})H)?(?:([0-9]{1,7})M)?(?:([0-9]{1,9}(?:\.[0-9]{1,3})?)S)?)?"
)


def parse_duration(text: str) -> Millis:
    """Milliseconds in ``"25m"``, ``"1h30m"``, ``"90s"``, ``"400d"`` or ISO 8601 ``"PT25M"``.

    Raises ``ValueError`` with a sentence that says what would be right.
    """
    match = _SHORT.fullmatch(text) or _ISO.fullmatch(text)
    if match is None or not any(match.groups()):
        raise ValueError('is not a duration; write it like "25m", "1h30m", "90s" or "PT25M"')
    days, hours, minutes, seconds = (part or "0" for part in match.groups())
    return (int(days) * 24 + int(hours)) * HOUR + int(minutes) * MINUTE + round(float(seconds) * SECOND)


def in_words(duration: Millis) -> str:
    """A duration for people, two units at the most: ``"1 h 30 min"``, ``"25 min"``, ``"1 min 5 s"``, ``"0.5 s"``."""
    if duration < 10 * SECOND and duration % SECOND:
        return f"{duration / SECOND:.1f} s"
    seconds = round(duration / SECOND)
    parts = [
        (seconds // 86_400, "d"),
        (seconds // 3_600 % 24, "h"),
        (seconds // 60 % 60, "min"),
        (seconds % 60, "s"),
    ]
    said = [f"{amount} {unit}" for amount, unit in parts if amount]
    return " ".join(said[:2]) or "0 s"
