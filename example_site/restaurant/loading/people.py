"""The users: an editor, a manager and an administrator."""

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group, Permission, User
from django.db.models import Q
from wagtail.models import GroupPagePermission

from restaurant import data
from restaurant.models import HomePage


#: Editors write automations, pause and resume them; they read the rest, delete nothing.
EDITORS_MAY = {
    "automation": ["add", "change", "view", "pause"],
    "contactgroup": ["add", "change", "view"],
    "flow": ["add", "change", "view"],
    "contact": ["view"],
    "inboundmessage": ["view"],
    "outboundmessage": ["view"],
    "deliveryreport": ["view"],
    "match": ["view"],
    "optout": ["view"],
    # Opening hours and the answers to STOP, START and HELP are an editor's.
    "smssettings": ["change"],
}


def load_people() -> None:
    """Make the groups and one user each, and a superuser."""
    editors = Group.objects.create(name="SMS editors")
    editors.permissions.set(_permissions_of_editors())
    _let_edit_pages(editors, "add_page", "change_page")
    managers = Group.objects.create(name="SMS managers")
    managers.permissions.set(Permission.objects.all())
    _let_edit_pages(managers, "add_page", "change_page", "publish_page", "lock_page")
    _user("editor", "Emma").groups.add(editors)
    _user("manager", "Marc").groups.add(managers)
    _user("admin", "Léa", is_superuser=True, is_staff=True)


def _permissions_of_editors() -> list[Permission]:
    may = Q(content_type__app_label="wagtailadmin", codename="access_admin")
    for model, verbs in EDITORS_MAY.items():
        may |= Q(
            content_type__app_label="wagtail_sms_automation",
            codename__in=[f"{verb}_{model}" for verb in verbs],
        )
    return list(Permission.objects.filter(may))


def _let_edit_pages(group: Group, *codenames: str) -> None:
    home = HomePage.objects.first()
    for permission in Permission.objects.filter(
        content_type__app_label="wagtailcore", codename__in=codenames
    ):
        GroupPagePermission.objects.create(
            group=group, page=home, permission=permission
        )


def _user(username: str, first_name: str, **fields: bool) -> User:
    return User.objects.create(
        username=username,
        first_name=first_name,
        email=f"{username}@chezlea.example",
        password=make_password(data.PASSWORD),
        **fields,
    )
