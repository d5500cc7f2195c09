"""Look at the repository as a whole: sizes, cycles, words that must not be in it.

Three things fail: modules that import one another, at load time or later; a module of more than
400 code lines; a file that names a package registry or a path of one machine. All other figures
are printed beside their budgets, to steer by.

A code line holds a token that is neither comment nor docstring; a function's length leaves its
own docstring out; nested blocks are counted from the body of the function.

python -m scripts.style
"""

from __future__ import annotations

import ast
import graphlib
import io
import re
import statistics
import subprocess
import sys
import tokenize
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parent.parent
LONGEST_MODULE = 400
COPY_FROM = 5  # shorter bodies are alike by chance

# Letters in brackets keep these patterns from matching themselves.
FORBIDDEN = tuple(
    re.compile(pattern)
    for pattern in (
        r"py[p]i\.org|python[h]osted\.org|conda\.[a]naconda\.org",
        r"registry\.[n]pmjs|npm[j]s\.com|deb\.[d]ebian\.org|archive\.[u]buntu\.com",
        r"/(?:wor[k]|far[m]|roo[t])/",
        r"(?<![\w.~-])/(?:hom[e]|User[s])/\w",
    )
)

_LAYOUT = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
}
_HOLDERS = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
_BLOCKS = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.Match)

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """One file of Python: its tree and the numbers of its code lines."""

    path: Path
    tree: ast.Module
    code: frozenset[int]
    comments: int

    def length(self, node: ast.stmt) -> int:
        """Return how many code lines a statement has."""
        return sum(line in self.code for line in _lines(node))

    def functions(self) -> list[Function]:
        """Return every function and method, nested ones too."""
        return [node for node in ast.walk(self.tree) if isinstance(node, Function)]

    def public(self) -> list[Function]:
        """Return the functions and methods that others may call."""
        bodies: list[list[ast.stmt]] = [self.tree.body]
        found: list[Function] = []
        for body in bodies:
            named = [node for node in body if isinstance(node, Function | ast.ClassDef)]
            for node in named:
                if node.name.startswith("_"):
                    continue
                if isinstance(node, ast.ClassDef):
                    bodies.append(node.body)
                else:
                    found.append(node)
        return found


def read(path: Path) -> Module:
    """Parse one file."""
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text, str(path))
    docstrings = {
        line
        for node in ast.walk(tree)
        if isinstance(node, _HOLDERS) and ast.get_docstring(node, clean=False) is not None
        for line in _lines(node.body[0])
    }
    tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    code = {
        line
        for token in tokens
        if token.type not in _LAYOUT
        for line in range(token.start[0], token.end[0] + 1)
    }
    comments = sum(token.type == tokenize.COMMENT for token in tokens)
    return Module(path, tree, frozenset(code - docstrings), comments)


def modules_below(folder: Path) -> list[Module]:
    """Parse every Python file below a folder."""
    return [read(path) for path in sorted(folder.rglob("*.py"))]


def cycle(package: str) -> list[str]:
    """Return modules of a package that import one another in a ring; empty if none do."""
    graph = grimp.build_graph(package, cache_dir=None, exclude_type_checking_imports=True)
    imports = {
        name: graph.find_modules_directly_imported_by(name) - {name} for name in graph.modules
    }
    try:
        graphlib.TopologicalSorter(imports).prepare()
    except graphlib.CycleError as failure:
        ring: list[str] = failure.args[1]
        return ring
    return []


def too_long(modules: Iterable[Module]) -> Iterator[str]:
    """Yield a sentence for each module that holds more than a module should."""
    for module in modules:
        if len(module.code) > LONGEST_MODULE:
            yield (
                f"{module.path} has {len(module.code)} code lines, and a module has at most "
                f"{LONGEST_MODULE}; split it by nouns"
            )


def repository_files() -> list[Path]:
    """Return every file that is, or would be, committed."""
    anyone = ["git", "-c", "safe.directory=*"]  # a container often owns a clone as someone else
    listed = subprocess.run(
        [*anyone, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    return [path for path in paths if path.is_file()]


def forbidden(path: Path) -> Iterator[str]:
    """Yield a sentence for each line of a text file that names a registry or one machine."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return
    for number, line in enumerate(text.splitlines(), 1):
        for pattern in FORBIDDEN:
            if found := pattern.search(line):
                yield f"{path}:{number} names `{found[0]}`; it is known on one machine only"


def faults() -> Iterator[str]:
    """Yield a sentence for everything that must not be."""
    if ring := cycle("evalhouse"):
        yield f"modules import one another: {' → '.join(ring)}"
    yield from too_long(modules_below(ROOT / "src" / "evalhouse"))
    for path in repository_files():
        yield from forbidden(path)


def figures(source: list[Module], tests: list[Module]) -> Iterator[tuple[str, str, str]]:
    """Yield the figures of style: name, value, budget."""
    pairs = [(module, node) for module in source for node in module.functions()]
    lengths = [module.length(node) for module, node in pairs]
    classes = [
        (module.length(node), sum(isinstance(part, Function) for part in node.body))
        for module in source
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ClassDef)
    ]
    code = sum(len(module.code) for module in source)
    sizes = [len(module.code) for module in source if module.path.name != "__init__.py"]
    public = [node for module in source for node in module.public()]
    trials = [
        module.length(node)
        for module in tests
        for node in module.functions()
        if node.name.startswith("test_")
    ]
    comments = sum(module.comments for module in source)
    broad = sum(_is_broad(node) for module in source for node in ast.walk(module.tree))
    yield "module, code lines, median/max", _spread(sizes, 50, 100), "130/400"
    yield "function, code lines, median/p90/max", _spread(lengths, 50, 90, 100), "8/25/50"
    yield "nesting, p90/max", _spread([_nesting(node) for _, node in pairs], 90, 100), "2/4"
    yield "parameters, p90/max", _spread([_parameters(node) for _, node in pairs], 90, 100), "4/7"
    yield "class, code lines, max", _spread([size for size, _ in classes], 100), "250"
    yield "class, methods, max", _spread([count for _, count in classes], 100), "15"
    yield "copies of 5 lines or more", _share(_copies(pairs), len(pairs)), "1%"
    yield "public functions documented", _share(sum(map(_documented, public)), len(public)), "100%"
    documented = sum(_documented(module.tree) for module in source)
    yield "modules documented", _share(documented, len(source)), "100%"
    yield "comments in 100 code lines", f"{100 * comments / max(code, 1):.1f}", "4 to 10"
    yield "broad excepts", str(broad), "the faces only"
    tested = sum(len(module.code) for module in tests)
    yield "test code per source code", f"{tested / max(code, 1):.2f}", "1.0"
    yield "test, code lines, median/max", _spread(trials, 50, 100), "12"


def main() -> int:
    """Print the figures and what must not be."""
    source = modules_below(ROOT / "src" / "evalhouse")
    for name, value, budget in figures(source, modules_below(ROOT / "tests")):
        print(f"  {name:<38} {value:>12}   budget {budget}")
    found = [fault.replace(f"{ROOT}/", "") for fault in faults()]
    for fault in found:
        print(fault, file=sys.stderr)
    return bool(found)


def _lines(node: ast.stmt) -> range:
    return range(node.lineno, (node.end_lineno or node.lineno) + 1)


def _documented(node: ast.Module | Function) -> bool:
    return ast.get_docstring(node) is not None


def _nesting(node: ast.AST) -> int:
    """Return how deep blocks stand in blocks; `elif` is no deeper than its `if`."""
    deepest = 0
    for name, value in ast.iter_fields(node):
        children = value if isinstance(value, list) else [value]
        for child in children:
            if not isinstance(child, ast.AST) or isinstance(child, Function):
                continue
            is_elif = name == "orelse" and isinstance(child, ast.If) and len(children) == 1
            step = isinstance(child, _BLOCKS) and not is_elif
            deepest = max(deepest, _nesting(child) + step)
    return deepest


def _parameters(node: Function) -> int:
    given = node.args
    named = [*given.posonlyargs, *given.args, *given.kwonlyargs]
    own = bool(named) and named[0].arg in {"self", "cls"}
    return len(named) - own + (given.vararg is not None) + (given.kwarg is not None)


def _copies(pairs: list[tuple[Module, Function]]) -> int:
    bodies = Counter(
        "\n".join(ast.dump(part) for part in node.body[_documented(node) :])
        for module, node in pairs
        if module.length(node) > COPY_FROM
    )
    return sum(count for count in bodies.values() if count > 1)


def _is_broad(node: ast.AST) -> bool:
    if not isinstance(node, ast.ExceptHandler):
        return False
    names = {"Exception", "BaseException"}
    return node.type is None or (isinstance(node.type, ast.Name) and node.type.id in names)


def _spread(values: list[int], *percents: int) -> str:
    if not values:
        return "-"
    ordered = sorted(values)
    ranks = {percent: max(0, -(-percent * len(ordered) // 100) - 1) for percent in percents}
    told = (statistics.median(ordered) if p == 50 else ordered[ranks[p]] for p in percents)
    return "/".join(f"{value:g}" for value in told)


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f}%" if whole else "-"


if __name__ == "__main__":
    sys.exit(main())
