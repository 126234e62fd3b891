"""Files of secrets: read line by line, and refused where others may look in."""

from pathlib import Path

import pytest

from controller import secret_file


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "urls"
    path.write_text("# mine\n\n  ntfy://topic  \n  # his\njson://a#b\n")
    path.chmod(0o640)
    return path


def test_lines_keep_their_numbers_and_comments_are_none(file: Path) -> None:
    assert secret_file.lines(file) == [(3, "ntfy://topic"), (5, "json://a#b")]
    assert secret_file.problem(file) is None


@pytest.mark.parametrize("mode", [0o644, 0o602, 0o666])
def test_a_file_that_others_may_read_or_write_is_refused_with_the_cure(file: Path, mode: int) -> None:
    file.chmod(mode)
    problem = secret_file.problem(file)
    assert problem == f"'{file}' holds secrets, and others may read or write it; run: chmod o-rw {file}"


def test_a_file_without_an_address_is_refused(file: Path) -> None:
    file.write_text("# nobody yet\n")
    assert secret_file.problem(file) == f"'{file}' is empty; write one address a line"


def test_a_file_that_cannot_be_read_is_refused(file: Path) -> None:
    file.write_bytes(b"\xff\xfe")
    assert secret_file.problem(file) == f"'{file}' cannot be read: it is not UTF-8 text"
    file.unlink()
    assert secret_file.problem(file) == f"'{file}' cannot be read: No such file or directory"
