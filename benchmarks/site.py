"""What both ends of a benchmark know of its site."""

#: The public address that the provider signs; nobody calls it.
BASE_URL = "https://bench.example"
SIGNING_KEY = "for-benchmarks-only-" + "x" * 30
#: 01 99 00 is set aside for fiction.
ORIGINATOR = "+33199000037"
CONTACTS = 1_000
KEYWORDS = tuple(f"MENU{number}" for number in range(20))


def phone_number(number: int) -> str:
    """The number of one contact, E.164."""
    return f"+336{20_000_000 + number}"
