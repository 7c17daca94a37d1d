"""Every query of a store takes the tenants it may touch, or is a named system query.

``Tenants`` come from an actor's grants and are never none: a store function that takes
them cannot reach another tenant's rows by an oversight. Functions that only insert a
value, which bears its tenant, need none. ``system_queries.txt`` names the others, each
with its reason; a name there that no longer stands in the code fails too.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "quarterdeck"
SYSTEM_QUERIES = Path(__file__).with_name("system_queries.txt")
CONTEXTS = ("access", "governance", "trail", "operations")
TOUCHES = {"select", "update", "delete", "text", "exec_driver_sql", "on_conflict_do_update"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def main() -> None:
    """Print each store function that breaks the rule; exit 1 if there is one."""
    allowed, used = _allowed(), set()
    broken = []
    for path in _stores():
        for name in open_queries(ast.parse(path.read_text())):
            query = f"{path.relative_to(SOURCE)}:{name}"
            used.add(query)
            if query not in allowed:
                broken.append(f"{query} touches rows and takes no Tenants")
    broken += [f"{query} is listed, but needs no exception" for query in sorted(allowed - used)]
    for line in broken:
        print(line)
    print(f"{len(used)} system queries, {len(broken)} faults")
    sys.exit(bool(broken))


def _stores() -> list[Path]:
    files = [p for context in CONTEXTS for p in sorted((SOURCE / context).rglob("*.py"))]
    return [p for p in files if p.name == "store.py" or {"store", "storage"} & set(p.parts)]


def _allowed() -> set[str]:
    lines = SYSTEM_QUERIES.read_text().splitlines()
    entries = [line.partition(" ") for line in lines if line and not line.startswith("#")]
    if mute := [query for query, _, reason in entries if not reason.strip()]:
        sys.exit(f"no reason in system_queries.txt: {', '.join(mute)}")
    return {query for query, _, _ in entries}


def open_queries(tree: ast.Module) -> Iterator[str]:
    """Public functions and methods that touch rows, themselves or by a helper, without Tenants."""
    helpers = {f.name: f for f in ast.walk(tree) if isinstance(f, Function)}
    for name, function in _public(tree):
        if not _takes_tenants(function) and _touches(function, helpers, set()):
            yield name


def _public(tree: ast.Module) -> Iterator[tuple[str, Function]]:
    for node in tree.body:
        if isinstance(node, Function) and not node.name.startswith("_"):
            yield node.name, node
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            methods = [m for m in node.body if isinstance(m, Function) and m.name[0] != "_"]
            yield from ((f"{node.name}.{m.name}", m) for m in methods)


def _takes_tenants(function: Function) -> bool:
    arguments = [*function.args.args, *function.args.kwonlyargs]
    return any(a.annotation and "Tenants" in ast.unparse(a.annotation) for a in arguments)


def _touches(function: Function, helpers: dict[str, Function], seen: set[str]) -> bool:
    names = {_called(node) for node in ast.walk(function) if isinstance(node, ast.Call)} - seen
    seen |= names
    inner = [helpers[name] for name in names if name in helpers and helpers[name] is not function]
    return bool(names & TOUCHES) or any(_touches(helper, helpers, seen) for helper in inner)


def _called(call: ast.Call) -> str:
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


if __name__ == "__main__":
    main()
