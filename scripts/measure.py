"""Measures the code against its own bars, and fails beyond them.

The bars are the house's: short functions, small files, no cycle between packages, and a
broad ``except`` only where a process loop must survive whatever a job throws.
"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

SOURCE = Path(__file__).parents[1] / "src"
MAX_COMPLEXITY = 8
BROAD = {"Exception", "BaseException"}

# The loops of processes, where one broad except each is right.
LOOPS = {
    "quarterdeck/operations/sending/service.py": "what no adapter foresaw is tried again, and said",
    "quarterdeck/worker/loop.py": "a job's bug ends the job, not the worker",
    "quarterdeck/client/logs.py": "a log line must not stop the application that writes it",
    "quarterdeck/worker/pulse.py": "a pulse that failed beats again, and says so once",
    "quarterdeck/operations/health/prober.py": "a broken probe blames no service",
    "quarterdeck/worker/delivery.py": "a poisoned fact blocks its own subscriber and nobody else",
    "quarterdeck/web/guards.py": "a bug becomes a 500 of the one shape",
    "quarterdeck/api/trail/lane.py": "likewise: the lane has no layer above it",
    "quarterdeck/trail/log/sequencer.py": "every waiting caller must hear how its group ended",
    "quarterdeck/trail/deliveries/service/consuming.py": "a poisoned record blocks no other",
    "quarterdeck/trail/deliveries/service/relaying.py": "what stops one log stops no other",
    "quarterdeck/trail/deliveries/service/facts.py": "a poisoned fact that is replayed, likewise",
    "quarterdeck/trail/deliveries/service/trying.py": "what a trial throws is its answer",
}
TWICE = {"quarterdeck/trail/deliveries/service/consuming.py"}
"""A group as a whole, and then record by record."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """One parsed file."""

    path: str
    lines: int
    tree: ast.Module

    @property
    def name(self) -> str:
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @property
    def package(self) -> str:
        return self.name if self.path.endswith("/__init__.py") else self.name.rpartition(".")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A measured value beside the most it may be; ``where`` names the worst."""

    what: str
    value: float
    most: float
    where: str = ""

    @property
    def kept(self) -> bool:
        return self.value <= self.most


def main() -> None:
    """Print the table; exit 1 if a bar is broken."""
    modules = [_module(path) for path in sorted(SOURCE.rglob("*.py"))]
    bars = [*_function_bars(modules), *_file_bars(modules), _cycle_bar(modules), *_excepts(modules)]
    for bar in bars:
        verdict = "ok" if bar.kept else "TOO MUCH"
        print(f"{bar.what:<34} {bar.value:>6g} of {bar.most:>4g}  {verdict:<8}  {bar.where}")
    sys.exit(not all(bar.kept for bar in bars))


def _module(path: Path) -> Module:
    text = path.read_text()
    return Module(
        path=str(path.relative_to(SOURCE)), lines=len(text.splitlines()), tree=ast.parse(text)
    )


def _function_bars(modules: list[Module]) -> Iterator[Bar]:
    found = [(f, m) for m in modules for f in ast.walk(m.tree) if isinstance(f, Function)]
    lengths = [_length(f) for f, _ in found]
    longest, its_module = max(found, key=lambda pair: _length(pair[0]))
    hardest, place = max(found, key=lambda pair: complexity_of(pair[0]))
    yield Bar(what="function lines, median", value=median(lengths), most=12)
    yield Bar(
        what="function lines, p90", value=_p90(lengths), most=30, where=_at(longest, its_module)
    )
    yield Bar(
        what="complexity, max",
        value=complexity_of(hardest),
        most=MAX_COMPLEXITY,
        where=_at(hardest, place),
    )


def _file_bars(modules: list[Module]) -> Iterator[Bar]:
    # A package's file that holds one line of words would flatter the median.
    lines = [m.lines for m in modules if not m.path.endswith("__init__.py")]
    longest = max(modules, key=lambda m: m.lines)
    yield Bar(what="file lines, median", value=median(lines), most=150)
    yield Bar(what="file lines, p90", value=_p90(lines), most=400)
    yield Bar(what="file lines, max", value=longest.lines, most=500, where=longest.path)


def _cycle_bar(modules: list[Module]) -> Bar:
    cycles = cycles_of(_imports(modules))
    where = "; ".join(" <-> ".join(sorted(cycle)) for cycle in cycles)
    return Bar(what="packages in import cycles", value=sum(map(len, cycles)), most=0, where=where)


def _excepts(modules: list[Module]) -> Iterator[Bar]:
    for module in modules:
        handlers = [n for n in ast.walk(module.tree) if isinstance(n, ast.ExceptHandler)]
        lines = [handler.lineno for handler in handlers if is_broad(handler)]
        if lines or module.path in LOOPS:
            where = f"{module.path} {LOOPS.get(module.path, lines)}"
            most = int(module.path in LOOPS) + int(module.path in TWICE)
            yield Bar(what="broad excepts", value=len(lines), most=most, where=where)


def _length(function: Function) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def _p90(values: list[int]) -> float:
    return quantiles(values, n=10)[-1] if len(values) > 1 else values[0]


def _at(function: Function, module: Module) -> str:
    return f"{module.path}:{function.lineno} {function.name} ({_length(function)} lines)"


def complexity_of(function: Function) -> int:
    """McCabe's, as ruff counts: one, and one more for each statement that branches."""
    branches = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler)
    inner = [node for node in ast.walk(function) if node is not function]
    return 1 + sum(isinstance(node, branches) or _is_case(node) for node in inner)


def _is_case(node: ast.AST) -> bool:
    if not isinstance(node, ast.match_case):
        return False
    default = isinstance(node.pattern, ast.MatchAs) and node.pattern.pattern is None
    return not default


def is_broad(node: ast.ExceptHandler) -> bool:
    if isinstance(node.body[-1], ast.Raise):  # it tidies up, and lets the error go on
        return False
    kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
    return any(kind is None or (isinstance(kind, ast.Name) and kind.id in BROAD) for kind in kinds)


def _imports(modules: list[Module]) -> dict[str, set[str]]:
    """Each package, and the packages that its own modules import."""
    packages = {module.name: module.package for module in modules}
    graph: dict[str, set[str]] = {package: set() for package in packages.values()}
    for module in modules:
        named = {packages[name] for name in _imported(module.tree) if name in packages}
        graph[module.package] |= {name for name in named if not _nested(name, module.package)}
    return graph


def _nested(one: str, other: str) -> bool:
    # A package and what it is made of are one thing; the import contracts order its inside.
    return f"{one}.".startswith(f"{other}.") or f"{other}.".startswith(f"{one}.")


def _imported(tree: ast.Module) -> Iterator[str]:
    # Of the module's top level: what stands under TYPE_CHECKING is not imported.
    for node in tree.body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def cycles_of(graph: dict[str, set[str]]) -> list[set[str]]:
    reach = {start: _reachable(graph, start) for start in graph}
    groups = {frozenset({a} | {b for b in reach[a] if a in reach[b]}) for a in graph}
    return [set(group) for group in groups if len(group) > 1]


def _reachable(graph: dict[str, set[str]], start: str) -> set[str]:
    seen: set[str] = set()
    ahead = list(graph[start])
    while ahead:
        if (package := ahead.pop()) not in seen:
            seen.add(package)
            ahead += graph[package]
    return seen


if __name__ == "__main__":
    main()
