"""Writes the data directory of this folder. Runs with the code of the foundation alone.

    git archive 48c9449 | tar -x -C OLD
    PYTHONPATH=OLD/src:OLD/tests python make.py

What it writes, once and never again, is what that version left on a disk: the database as the
statements that make it, the files of the keys, and what a stranger had seen of the log.
"""

import json
import sqlite3
import subprocess
import sys
import tempfile
from hashlib import sha256
from pathlib import Path
from typing import Any

from quarterdeck.kernel.db import open_engine
from quarterdeck.trail.keys.keystore import KeyStore
from trail.installation import Installation

HERE = Path(__file__).parent


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        data = Path(scratch) / "data"
        migrate = [sys.executable, "-m", "quarterdeck", "migrate", "--data", str(data)]
        subprocess.run(migrate, check=True)
        seen = _filled(data)
        (HERE / "seen.json").write_text(json.dumps(seen, indent=1) + "\n")
        keys = {path.name: path.read_text() for path in sorted((data / "keys").iterdir())}
        (HERE / "keys.json").write_text(json.dumps(keys, indent=1) + "\n")
        with sqlite3.connect(data / "quarterdeck.db") as db:
            (HERE / "database.sql").write_text("\n".join(db.iterdump()) + "\n")


def _filled(data: Path) -> dict[str, Any]:
    engine = open_engine(f"sqlite:///{data}/quarterdeck.db")
    here: Any = Installation(engine, KeyStore(data / "keys"))  # type: ignore[call-arg]  # as it was
    here.grow(10)
    first = here.serve("checkpoint")
    here.name_somebody()
    here.grow(19)
    bundle = here.serve("tile/entries/000.p/30")
    seen = {
        "vkey": here.vkey,
        "checkpoints": [first.decode(), here.serve("checkpoint").decode()],
        "bundle_sha256": sha256(bundle).hexdigest(),
        "leaf_hashes": here.serve("tile/0/000.p/30").hex(),
    }
    engine.dispose()
    return seen


if __name__ == "__main__":
    main()
