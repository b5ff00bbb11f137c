"""Read XML that somebody else made: no document type, no entity, nothing fetched, bounded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from ectsim.errors import InputError

__all__ = ["Node", "parse_xml"]

DEEPEST = 40
"""Elements inside one another; a timetable has about ten."""

MOST = 1_000_000
"""Elements in a file; a timetable of 90 teachers has nine thousand."""


@dataclass(slots=True)
class Node:
    """One element.

    Parameters
    ----------
    tag : str
        Its name, without a name space.
    attributes : dict of str to str
        Its attributes.
    line : int
        Where it begins.
    children : list of Node
        Elements in it, in order.
    text : str
        Text in it before its first child and after the others, white space folded.
    """

    tag: str
    attributes: dict[str, str]
    line: int
    children: list[Node] = field(default_factory=list)
    text: str = ""

    def get(self, name: str) -> str:
        """Return an attribute, white space folded, or ""."""
        return " ".join(self.attributes.get(name, "").split())

    def all(self, tag: str) -> Iterator[Node]:
        """Yield its children of one name."""
        return (child for child in self.children if child.tag == tag)

    def find(self, *path: str) -> Node | None:
        """Return the first element on a path of names below it, or None."""
        here: Node | None = self
        for tag in path:
            here = next(here.all(tag), None) if here else None
        return here

    def inside(self, *path: str) -> list[Node]:
        """Return everything in the first element on a path of names."""
        found = self.find(*path)
        return found.children if found else []

    def word(self, *path: str) -> str:
        """Return the text of the first element on a path of names, or ""."""
        found = self.find(*path)
        return found.text if found else ""


class _Builder:
    """Takes a parser's events and makes nodes of them."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.root: Node | None = None
        self.line: Callable[[], int] = lambda: 0
        self._open: list[Node] = []
        self._text: list[list[str]] = []
        self._count = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._count += 1
        line = self.line()
        if len(self._open) >= DEEPEST or self._count > MOST:
            raise InputError(
                "the file is nested too deeply or has too many elements for a timetable",
                where=f"{self.where}, line {line}",
                remedy="export the timetable again",
            )
        node = Node(tag.rpartition("}")[2], attributes, line)
        if self._open:
            self._open[-1].children.append(node)
        else:
            self.root = node
        self._open.append(node)
        self._text.append([])

    def end(self, tag: str) -> None:
        node = self._open.pop()
        node.text = " ".join("".join(self._text.pop()).split())

    def data(self, text: str) -> None:
        if self._text:
            self._text[-1].append(text)

    def close(self) -> Node | None:
        return self.root


def parse_xml(text: str, *, where: str) -> Node:
    """Parse XML safely.

    Parameters
    ----------
    text : str
        The file's text.
    where : str
        The file's name, for messages.

    Returns
    -------
    Node
        The outermost element.

    Raises
    ------
    InputError
        If it is not well formed, declares a document type or an entity, or is too large or deep.
    """
    builder = _Builder(where)
    parser = DefusedXMLParser(target=builder, forbid_dtd=True)
    body = text.lstrip("\ufeff \t\n")
    above = text.count("\n", 0, len(text) - len(body))
    builder.line = lambda: above + int(parser.parser.CurrentLineNumber)
    try:
        parser.feed(body)
        root = parser.close()
    except ParseError as error:
        line = above + error.position[0]
        reason = str(error).partition(":")[0]
        raise InputError(
            f"the file is not well-formed XML ({reason})",
            where=f"{where}, line {line}",
            remedy="export it again; it may be cut short",
        ) from None
    except DefusedXmlException:
        raise InputError(
            "the file declares a document type or an entity, which no timetable needs",
            where=f"{where}, line {builder.line()}",
            remedy="export it again from the timetabling program",
        ) from None
    if not isinstance(root, Node):
        raise InputError("the file has no element", where=where, remedy="export it again")
    return root
