"""Which encoding a text file has, in plain Python; every model.py uses these rules too."""

from __future__ import annotations

import re

# model.py
BYTE_ORDER_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
OTHERS = ("gb18030", "shift_jis", "big5", "euc_kr", "cp1251", "cp1253", "cp1255", "cp1256", "iso8859_2")
"""Encodings in which a file may be that is neither in UTF-8 nor in Western European letters."""


def decoded(content: bytes, encoding: str | None = None) -> tuple[str, str]:
    """The text of a file, and its encoding: the one that is given, or that its first bytes announce, UTF-8 or Windows-1252.

    Raises:
        ValueError: It is in none of them, or there is no such encoding.
    """
    announced = next((name for mark, name in BYTE_ORDER_MARKS.items() if content.startswith(mark)), None)
    try:
        if encoding is not None:
            return content.decode(encoding).removeprefix("\ufeff"), encoding
        if announced:
            return content.decode(
                announced
            ), f"{announced.removesuffix('-sig').upper()} with a byte-order mark"
        nul = content.find(b"\0")
        if nul >= 0:
            raise ValueError(
                f"the file has a NUL byte in line {content[:nul].count(10) + 1:,}: it is damaged, or no text table"
            )
        return content.decode("utf-8"), "UTF-8"
    except LookupError:
        raise ValueError(
            f"there is no encoding {encoding!r:.60}; some are utf-8, cp1252, gb18030 and shift_jis"
        ) from None
    except UnicodeDecodeError as error:
        if encoding or announced:
            line = content[: error.start].count(10) + 1
            announces = "" if encoding else ", which its first bytes announce"
            raise ValueError(
                f"line {line:,} is not valid text in {encoding or announced}{announces}"
            ) from None
    return _western(content), "Windows-1252 (Latin-1)"


def _western(content: bytes) -> str:
    """Text in Western European letters: those outside ASCII are letters for the most part, and seldom follow each other."""
    runs = re.findall(rb"[\x80-\xff]+", content)
    text = content.decode("cp1252", "replace")
    odd = sum(len(run) for run in runs if len(run) > 1)
    letters = sum(sign.isalpha() for sign in text if sign > "\x7f")
    total = sum(map(len, runs))
    if 2 * odd < total and (2 * letters >= total or total < 20) and "\ufffd" not in text:
        return text
    run = max(runs, key=len)
    start = content.find(run)
    word = re.search(rb"[^\s,;|\"]*$", content[max(start - 60, 0) : start])
    begin = start - len(word[0] if word else b"")
    end = start + len(re.match(rb"[^\s,;|\"]*", content[start:])[0])  # type: ignore[index]
    shown = []
    for name in OTHERS:
        try:
            content.decode(name)
            seen = content[begin:end].decode(name)
        except UnicodeDecodeError:
            continue
        if seen.isprintable():
            shown.append(f"{name}: {seen:.20}")
    raise ValueError(
        f"line {content[:start].count(10) + 1:,} is not UTF-8 text, and its encoding cannot be known"
        + (f"; a word there reads, in {', '.join(shown)}" if shown else "")
    )
