"""What a target is, and the few words in which targets read their inputs."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TypeVar

Option = TypeVar("Option")
Try = Callable[[bytes], None]


class Broken(AssertionError):
    """An input broke what has to hold; the text says what."""


def demand(holds: object, otherwise: str) -> None:
    """Raise :class:`Broken` unless it holds."""
    if not holds:
        raise Broken(otherwise)


@dataclass(frozen=True)
class Target:
    """One way in. ``begin`` returns what tries one input, and raises whatever is wrong."""

    what: str
    begin: Callable[[], AbstractContextManager[Try]]
    seeds: Mapping[str, bytes]
    words: Sequence[bytes]  # that inputs are likely to need
    flaws: Mapping[str, Callable[[], AbstractContextManager[object]]]  # to be found, each


class Choices:
    """An input read as choices; once it is used up, every choice is the first one."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def left(self) -> bool:
        """Whether there is more."""
        return self._at < len(self._data)

    def below(self, bound: int) -> int:
        """A number from 0 on; one byte, so that inputs survive being cut and joined."""
        self._at += 1
        return self._data[self._at - 1] % bound if self._at <= len(self._data) else 0

    def of(self, options: Sequence[Option]) -> Option:
        return options[self.below(len(options))]

    def piece(self) -> bytes:
        """A length in one byte, and as many bytes as it says, or as there are."""
        length = self.below(256)
        found = self._data[self._at : self._at + length]
        self._at += length
        return found


def piece(content: bytes) -> bytes:
    """What :meth:`Choices.piece` reads as ``content``."""
    return bytes([len(content)]) + content
