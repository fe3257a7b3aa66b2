"""The templates that come with the package: flow files, one a language."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from .reading import read
from .shape import FlowFile


FOLDER = Path(__file__).parent.parent / "flow_templates"

#: In the order in which the gallery shows them.
SLUGS = ("order", "infos", "booking", "club")


@dataclass(frozen=True, slots=True)
class Template:
    """One file of the folder."""

    slug: str
    language: str

    @property
    def name(self) -> str:
        """Its name in addresses: "order.fr"."""
        return f"{self.slug}.{self.language}"

    @property
    def data(self) -> bytes:
        """The file as it is."""
        return (FOLDER / f"{self.name}.json").read_bytes()

    def example(self) -> FlowFile:
        """The flow, with examples for what it asks for."""
        return read(self.data, examples=True)


@lru_cache(maxsize=1)
def languages() -> tuple[str, ...]:
    """Return the languages there are templates in."""
    return tuple(sorted({template.language for template in all_of_them()}))


def in_language(language: str) -> list[Template]:
    """Return the templates of a language, in the gallery's order."""
    templates = [one for one in all_of_them() if one.language == language]
    return sorted(templates, key=lambda one: SLUGS.index(one.slug))


def find(name: str) -> Template | None:
    """Return the template of a name such as "order.fr", or None."""
    return next((one for one in all_of_them() if one.name == name), None)


def all_of_them() -> Iterator[Template]:
    """Yield every template, in every language."""
    for path in sorted(FOLDER.glob("*.json")):
        slug, language, _extension = path.name.split(".")
        yield Template(slug, language)
