"""Runs the benchmarks: all, or those named. Each prints its own table beside its bars.

``python -m bench`` or ``python -m bench start jobs``. Nothing is asserted: numbers of a
loaded machine are no defect, and numbers of a quiet one are for people to judge.
"""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
FINDING = os.environ | {"PYTHONPATH": str(ROOT / "scripts")}


def main() -> None:
    """Run each benchmark in a process of its own, so that none warms or burdens the next."""
    known = sorted(path.stem for path in HERE.glob("*.py") if not path.stem.startswith("_"))
    for name in sys.argv[1:] or known:
        if name not in known:
            sys.exit(f"no benchmark {name}; there are {', '.join(known)}")
        print(f"\n== {name}", flush=True)
        command = [sys.executable, "-m", f"bench.{name}"]
        subprocess.run(command, cwd=ROOT, env=FINDING, check=False)


if __name__ == "__main__":
    main()
