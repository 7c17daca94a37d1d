"""python -m quarterdeck"""

from types import ModuleType

from quarterdeck.cli.main import build_cli
from quarterdeck.kernel.garbage import look_seldom


def main() -> None:
    """Run the command line."""
    look_seldom()
    build_cli(wired)()


def wired() -> ModuleType:
    """The installation's own launcher, loaded only when a command needs it."""
    from quarterdeck import wiring  # noqa: PLC0415  it takes 0.4 s, --help 0.1 s

    return wiring


if __name__ == "__main__":
    main()
