"""What services say, out of their code: the extraction method ``said`` of babel.cfg, for ``make words``.

A sentence is a string of at least two words, a word with a count, a word in a table whose name ends in
WORDS, or a state of a StrEnum. Rather one too many than one too few: what is never
shown costs its translator a line.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Mapping
from typing import IO, Any, Final

CONTEXT: Final = "said"
"""The context (msgctxt) of all of them in the catalogue."""

QUIET: Final = frozenset(
    {"logger", "re", "text", "strftime", "getLogger", "func", "setdefault", "register_script"}
)
"""Calls whose strings nobody reads on a page."""

_PLACEHOLDER: Final = re.compile(r"%\(\w+\)s")
_WORD: Final = re.compile(r"[A-Za-z]{2,}")
_CODE: Final = re.compile(
    r"^\\|^\n--|%%[A-Za-z]|\b(SELECT|UPDATE|PRAGMA|BETWEEN|NULL)\b|charset=|``|</|\[str, |PPM/0|file_name"
    r"|^total = |^(wait|spend) %|delete-orphan|^(field limit|unexpected end|the last try )"
)
_FILLERS: Final = frozenset(
    {"self", "join", "len", "str", "quoted", "sorted", "map", "for", "in", "if", "else", "or"}
)


def extract(
    file: IO[bytes],
    keywords: Collection[str],
    comment_tags: Collection[str],
    options: Mapping[str, Any],
) -> Iterator[tuple[int, str, tuple[str, str], list[str]]]:
    """Every sentence of a Python file, as Babel wants them: line, function, context and text, comments."""
    for line, sentence in sentences(ast.parse(file.read())):
        yield line, "pgettext", (CONTEXT, sentence), []


def sentences(tree: ast.AST, *, words: bool = False) -> Iterator[tuple[int, str]]:
    """Line and text of every sentence; the parts of an f-string are placeholders named after them.

    ``words`` says that single words count too.
    """
    if isinstance(tree, ast.JoinedStr | ast.Constant):
        text = _template(tree)
        if _is_sentence(text, words=words):
            yield tree.lineno, text
        if isinstance(tree, ast.Constant):
            return
    for child in _spoken(tree):
        named = words or _is_table(child)
        if not (isinstance(tree, ast.JoinedStr) and isinstance(child, ast.Constant)):
            yield from sentences(child, words=named)


def _spoken(tree: ast.AST) -> Iterator[ast.AST]:
    """The parts of the code that may hold a sentence: no docstrings, keys, patterns, types or logs."""
    if isinstance(tree, ast.Call) and QUIET & set(re.findall(r"\w+", ast.unparse(tree.func))):
        return
    skipped: set[int] = set()
    if isinstance(tree, ast.Dict):
        skipped = {id(key) for key in tree.keys}
    elif isinstance(tree, ast.Subscript):
        skipped = {id(tree.slice)}
    elif isinstance(tree, ast.FormattedValue):
        skipped = {id(tree.format_spec)}
    elif isinstance(tree, ast.AnnAssign):
        skipped = {id(tree.annotation)}
    for child in ast.iter_child_nodes(tree):
        alone = isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)
        if id(child) not in skipped and not alone:
            yield child


def _is_sentence(text: str, *, words: bool) -> bool:
    count = len(_WORD.findall(_PLACEHOLDER.sub("", text)))
    counted = _PLACEHOLDER.search(text) or text.startswith("1 ")
    enough = count >= (1 if words or counted else 2) and (words or " " in text)
    return enough and not _CODE.search(text)


def _is_table(tree: ast.AST) -> bool:
    if isinstance(tree, ast.ClassDef):
        return any(ast.unparse(base) == "StrEnum" for base in tree.bases)
    if not isinstance(tree, ast.Assign | ast.AnnAssign):
        return False
    targets = tree.targets if isinstance(tree, ast.Assign) else [tree.target]
    return any(
        isinstance(target, ast.Name) and target.id.endswith(("WORDS", "WEEKDAYS", "_OWNERS"))
        for target in targets
    )


def _template(tree: ast.JoinedStr | ast.Constant) -> str:
    """A string as its catalogue entry says it: ``{shop.name}`` is ``%(shop_name)s``, ``%`` is ``%%``."""
    if isinstance(tree, ast.Constant):
        return tree.value.replace("%", "%%") if isinstance(tree.value, str) else ""
    names: dict[str, str] = {}
    parts = []
    for part in tree.values:
        if isinstance(part, ast.FormattedValue):
            code = ast.unparse(part.value)
            if code not in names:
                names[code] = _unused(_name(code), names.values())
            parts.append(f"%({names[code]})s")
        elif isinstance(part, ast.Constant):
            parts.append(str(part.value).replace("%", "%%"))
    return "".join(parts)


def _name(code: str) -> str:
    """``self.group.shop.name`` → group_shop_name; ``', '.join(names)`` → names."""
    found = re.findall(r"[a-zA-Z]\w*", re.sub(r"'[^']*'|\"[^\"]*\"", "", code).split(" for ")[0])
    words = [word.lower().strip("_") for word in found if word not in _FILLERS]
    return "_".join(words[-3:]) or "value"


def _unused(name: str, taken: Collection[str]) -> str:
    number = 1
    while (found := name if number == 1 else f"{name}_{number}") in taken:
        number += 1
    return found
