"""A worker that is killed within the second page of the second of three tenants.

As a program: ``python -m governance.sync.dying DATABASE-URL``. It does not come to its end.
"""

import os
import signal
import sys
from itertools import count

from sqlalchemy import Engine

from governance.estate import Estate, FakeCloud, arm
from quarterdeck.governance.cloud.ports import CloudFailure
from quarterdeck.kernel.db import open_engine

TENANTS = ("t1", "t2", "t3")
SECOND_PAGE = 1


def three(engine: Engine) -> Estate:
    """Three clouds, each of two subscriptions with five resources on three pages."""
    estate = Estate(engine)
    for name in TENANTS:
        pages: dict[str, list[list[bytes] | CloudFailure]] = {
            "s1": [[arm(f"{name}-a"), arm(f"{name}-b")], [arm(f"{name}-c")]],
            "s2": [[arm(f"{name}-d", at="s2"), arm(f"{name}-e", at="s2")]],
        }
        estate.clouds[name] = FakeCloud(pages=pages)
    return estate


def main(url: str) -> None:
    """Work on what is due, until the end comes."""
    estate = three(open_engine(url))
    pages = count()

    def end() -> None:
        if next(pages) == SECOND_PAGE:
            os.kill(os.getpid(), signal.SIGKILL)

    estate.clouds["t2"].between = [end]
    estate.run_due()


if __name__ == "__main__":
    main(sys.argv[1])
