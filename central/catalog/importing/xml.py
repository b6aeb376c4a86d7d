"""XML as a stream of elements, from files that nobody has to trust: no DTD, no entity, no network, bounded memory.

libxml2 itself refuses more than 256 levels and texts above 10 MB, because `huge_tree` stays off.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from lxml import etree

from central.catalog.errors import ImportRefused

#: bytes that may pass without one of the elements asked for: the tree of what lies between is in memory
MAX_BETWEEN = 4 << 20


class _Measured:
    """A file that counts what was read since the last element, and refuses to go on without one."""

    def __init__(self, path: Path, tags: Sequence[str]) -> None:
        self._file = path.open("rb")
        self._path = path
        self._tags = tags
        self.since = 0

    def read(self, size: int = -1) -> bytes:
        if self.since > MAX_BETWEEN:
            raise ImportRefused(
                f"{self._path.name}: {MAX_BETWEEN >> 20} MB without an end of {' or '.join(self._tags)}; "
                "this is no catalogue, or one element is never closed"
            )
        data = self._file.read(size)
        self.since += len(data)
        return data

    def close(self) -> None:
        self._file.close()


def elements(path: Path, tags: Sequence[str]) -> Iterator[etree._Element]:
    """Each element of one of these names (in any namespace), at its end, in the order of the ends.

    A name may say its parent: "shop/offer". The element is emptied when the next one is asked for.
    Raises `ImportRefused` for a DTD, for what is no XML, is cut short, is nested more than 256 deep or lies in another
    encoding than it says.
    """
    source = _Measured(path, tags)
    parents = {name: parent for parent, _, name in (tag.rpartition("/") for tag in tags)}
    parser = etree.iterparse(
        source,
        events=("start", "end"),
        tag=["{*}" + name for name in parents],
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        recover=False,
        remove_comments=True,
        remove_pis=True,
    )
    is_first = True
    try:
        for event, element in parser:
            if is_first:
                _refuse_dtd(path, element)
                is_first = False
            if event == "start" or not _lies_in(element, parents[name_of(element)]):
                continue
            source.since = 0
            yield element
            _forget(element)
        if is_first and parser.root is not None:
            _refuse_dtd(path, parser.root)
    except etree.XMLSyntaxError as error:
        raise ImportRefused(f"{path.name}: {_in_words(error)}") from error
    finally:
        source.close()


def root_of(path: Path) -> str:
    """The name of the outermost element. Raises `ImportRefused` as `elements` does."""
    source = _Measured(path, ["anything"])
    try:
        for _, element in etree.iterparse(source, events=("start",), resolve_entities=False, no_network=True):
            _refuse_dtd(path, element)
            return name_of(element)
    except etree.XMLSyntaxError as error:
        raise ImportRefused(f"{path.name}: {_in_words(error)}") from error
    finally:
        source.close()
    raise ImportRefused(f"{path.name} holds no element")


def _lies_in(element: etree._Element, parent: str) -> bool:
    above = element.getparent()
    return not parent or (above is not None and name_of(above) == parent)


def _forget(element: etree._Element) -> None:
    """Free the element and everything before it on its level."""
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


def _refuse_dtd(path: Path, element: etree._Element) -> None:
    info = element.getroottree().docinfo
    if info.internalDTD is not None:
        raise ImportRefused(
            f"{path.name} declares a DTD (<!DOCTYPE …>): entities can read files and fill the memory, so such a file "
            "is not read; save it without the DOCTYPE"
        )


def _in_words(error: etree.XMLSyntaxError) -> str:
    line, text = error.lineno or 1, error.msg or "is no XML"
    said: list[Any] = [*error.error_log]  # type: ignore[misc]  # the stubs do not know that a log is a sequence
    if "no element found" in text and said:
        line, text = said[-1].line, said[-1].message  # what made the parser give up
    if re.search(r"[Ee]ntity|amplification", text):
        return f"line {line}: it names an entity; save the file without entities and DOCTYPE"
    if "Excessive depth" in text or "depth" in text.lower():
        return f"line {line}: elements are nested more than 256 deep; this is no catalogue"
    if "encoding" in text or "UTF-8" in text or "Input is not proper" in text or "invalid" in text.lower():
        return f"line {line}: the text is not in the encoding the file names in its first line ({text.split(',')[0]})"
    if "Text node too long" in text:
        return f"line {line}: one text is longer than 10 MB; this is no catalogue"
    if "Premature end" in text or "EndTag" in text or "no element found" in text or "Document is empty" in text:
        return f"line {line}: the file ends too early, so it was cut short on its way; send it again"
    return f"line {line}: {text.split(', line')[0]}; the file is broken, or was cut short on its way"


def name_of(element: etree._Element) -> str:
    """Its name without the namespace."""
    return etree.QName(element).localname


def text_of(element: etree._Element, name: str) -> str:
    """The text of a child, trimmed; "" when there is none."""
    child = child_of(element, name)
    return (child.text or "").strip() if child is not None else ""


def child_of(element: etree._Element, *path: str) -> etree._Element | None:
    """The first child at the end of a path of names, in any namespace."""
    found: etree._Element | None = element
    for name in path:
        if found is None:
            return None
        found = next(iter(found.iterchildren("{*}" + name)), None)
    return found


def children_of(element: etree._Element, *path: str) -> list[etree._Element]:
    """All children named by the last of the path, below its first branches."""
    parent = child_of(element, *path[:-1])
    return [] if parent is None else list(parent.iterchildren("{*}" + path[-1]))
