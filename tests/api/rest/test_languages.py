"""Which language a caller is answered in."""

import pytest

from api.rest.languages import Language, preferred


@pytest.mark.parametrize(
    "header",
    [
        "zh",
        "zh-CN",
        "ZH-hans",
        "zh-Hans-CN",
        "zh-SG",
        "zh-CN,zh;q=0.9,en;q=0.8",
        "zh-TW, zh;q=0.8, en;q=0.5",  # as a browser sends it that would rather have traditional characters
        "en;q=0.8, zh-CN",
        "en;q=0.899 , zh ; q=0.9",
        "zh, en",
        "de, zh;q=0.1",
        "en;q=0, *;q=0.5",
        "en;q=0, *",
        "de;q=x, zh;q=0.5, en;q=0.4",
        "en;q=2, zh;q=0.1",
    ],
)
def test_who_likes_chinese_best_is_answered_in_it(header: str) -> None:
    assert preferred(header) is Language.CHINESE


@pytest.mark.parametrize(
    "header",
    [
        "",
        "en",
        "en-GB,en;q=0.9",
        "de-DE, fr;q=0.5",
        "*",
        "*;q=0.8, zh;q=0.5",
        "zh;q=0",
        "zh;q=0, en;q=0",
        "zh;q=0, *",
        "zh-TW",
        "zh-Hant-HK",
        "zhu",
        "en, zh",
        "en-US;q=0.9,zh-CN;q=0.8",
        "zh;q=0.5,en;q=0.50001,en;q=0.6",
        "zh;level=1",
        "zh;q=",
        "zh;q=1.1",
        "zh;q=-1",
        "zh;q=nan",
        ",,;;=,q=1",
        "中文",
    ],
)
def test_everybody_else_is_answered_in_english(header: str) -> None:
    assert preferred(header) is Language.ENGLISH
