"""The site: home, menu, opening hours."""

from wagtail.models import Page, Site

from restaurant import data
from restaurant.loading.blocks import items
from restaurant.models import HomePage, HoursPage, MenuPage


def load_pages() -> None:
    """Make the pages, and the site they belong to, in place of the welcome page."""
    root = Page.get_first_root_node()
    home = HomePage(
        title="Chez Léa",
        slug="chez-lea",
        motto=data.MOTTO,
        welcome=data.WELCOME,
        address=data.ADDRESS,
    )
    root.add_child(instance=home)
    _make_default(home)
    home.add_child(
        instance=MenuPage(
            title="Menu",
            slug="menu",
            show_in_menus=True,
            introduction="Order by number: text FOOD 2x1 for two Margherita.",
            courses=[_course(*course) for course in data.COURSES],
        )
    )
    home.add_child(
        instance=HoursPage(
            title="Opening hours",
            slug="opening-hours",
            show_in_menus=True,
            note="The kitchen takes its last order half an hour before closing.",
        )
    )


def _make_default(home: HomePage) -> None:
    site = Site.objects.filter(is_default_site=True).first()
    site = site or Site(hostname="localhost", port=8000, is_default_site=True)
    site.root_page = home
    site.site_name = "Chez Léa"
    site.save()
    for welcome in Page.objects.filter(depth=2, slug="home").exact_type(Page):
        welcome.delete()


def _course(title: str, dishes: list[tuple[int, str, str, str]]) -> dict[str, object]:
    names = ("number", "name", "description", "price")
    rows = [dict(zip(names, dish, strict=True)) for dish in dishes]
    return {"type": "course", "value": {"title": title, "dishes": items(rows)}}
