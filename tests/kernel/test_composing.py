"""Others' YAML: bounded, each name once, and what is wrong with its line."""

import pytest
import yaml

from quarterdeck.kernel.composing import Unreadable, compose

BILLION = "a: &a [x, x]\n" + "".join(
    f"{b}: &{b} [*{a}, *{a}, *{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize("loader", [yaml.SafeLoader, getattr(yaml, "CSafeLoader", yaml.SafeLoader)])
@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "nothing in it"),
        ("a: [", "line [12]: "),
        ("a: 1\nb:\n  c: 1\n  c: 2\n", "line 4: 'c' stands there twice"),
        ("a: 1\n? [b]\n: 2\n", "line 2: a name is a text"),
        ('a:\n- "\\0"\n', "line 2: text must have no NUL"),
        ("{a: " * 100_000, "line 1: nested deeper than 100"),
        ("".join(f"{' ' * n}a:\n" for n in range(500)), "line 101: nested deeper than 100"),
        ("a: &a [*a]", "too much in it"),
        (BILLION, "too much in it"),
        ('a: "\\U0011FFFF"', "YAML|line 1: "),
        ("[" * 100_000, "line 1: nested deeper than 100"),
    ],
)
def test_what_is_not_to_be_taken_is_refused_with_its_line(
    text: str, why: str, loader: type[yaml.SafeLoader]
) -> None:
    with pytest.raises(Unreadable, match=why):
        compose(text, 1000, loader)


def test_an_alias_counts_as_what_it_stands_for() -> None:
    text = "a: &a [1, 2]\nb: *a\n"
    assert isinstance(compose(text, 9, yaml.SafeLoader), yaml.MappingNode)
    with pytest.raises(Unreadable):
        compose(text, 8, yaml.SafeLoader)
