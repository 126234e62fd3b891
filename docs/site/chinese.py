"""Search that finds Chinese as well as English words.

Chinese is written without spaces, so it is indexed by its single characters and by its pairs, and a query is split in
the same way: 怎么关火 is found where 怎么, 么关 and 关火 are. Sphinx's own Chinese index wants a dictionary that is not
maintained any more, and leaves queries whole.
"""

import re
from itertools import pairwise
from typing import Any

from sphinx.application import Sphinx
from sphinx.search.en import SearchEnglish

_WORD = re.compile(r"[一-鿿]+|[^\W一-鿿]+")
_HAN = re.compile(r"[一-鿿]")


class EnglishAndChinese(SearchEnglish):
    """English by its stems, Chinese by characters and pairs of them."""

    lang = "en-zh"  # language_name stays English's: it names the stemmer
    js_splitter_code = """
function splitQuery(query) {
  const words = query.match(/[\\u4e00-\\u9fff]+|(?:(?![\\u4e00-\\u9fff])[\\p{L}\\p{N}_])+/gu) || [];
  return words.flatMap((word) =>
    /^[\\u4e00-\\u9fff]{2,}$/.test(word) ? [...word].slice(1).map((last, at) => word[at] + last) : [word]
  );
}
"""

    def split(self, text: str) -> list[str]:
        """The words of a text, as they are indexed."""
        return [part for word in _WORD.findall(text) for part in _parts(word)]


def _parts(word: str) -> list[str]:
    if not _HAN.match(word):
        return [word]
    return [*word, *(first + second for first, second in pairwise(word))]


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.add_search_language(EnglishAndChinese)
    app.config.html_search_language = EnglishAndChinese.lang
    app.connect("html-page-context", _name_the_language)
    return {"parallel_read_safe": True}


def _name_the_language(_app: Sphinx, page: str, _template: str, context: dict[str, Any], _tree: object) -> None:
    """Pages under zh/ say that they are in Chinese, so that they are read out and shown with the right glyphs."""
    if page.startswith("zh/"):
        context["language"] = "zh-CN"
