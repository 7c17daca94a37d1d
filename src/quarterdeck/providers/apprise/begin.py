"""Begins the process that one delivery is, and says so where Apprise cannot be loaded in it.

Isolated, Python looks neither where PYTHONPATH says nor in its user's own folder.
"""

import sys

import msgspec

from quarterdeck.providers.apprise.judging import Verdict


def main() -> None:
    """Do one, or say why none can be done."""
    try:
        from quarterdeck.providers.apprise import child  # noqa: PLC0415  it may not be there
    except ImportError as error:
        sys.stdout.write(msgspec.json.encode(_lacking(error)).decode())
    else:
        child.main()


def _lacking(error: ImportError) -> Verdict:
    from quarterdeck.operations.channels.service.keeping import ISOLATED  # noqa: PLC0415  large

    return Verdict(status=None, error=f"{ISOLATED} ({error})", again=True)


if __name__ == "__main__":
    main()
