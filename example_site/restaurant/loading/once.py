"""What is loaded is loaded once: editors own it from then on."""

from collections.abc import Callable

from django.db import transaction

from restaurant.models import LoadedSection


def once(name: str, load: Callable[[], None]) -> bool:
    """Load a section unless it was loaded before; True if it was loaded now.

    An editor may since have renamed or deleted what it holds: it stays so.
    """
    with transaction.atomic():
        if LoadedSection.objects.filter(name=name).exists():
            return False
        load()
        LoadedSection.objects.create(name=name)
    return True
