"""Who may do what with a model, said outright: Wagtail 7.4 has no registry."""

from wagtail.permission_policies import ModelPermissionPolicy

from ..models import Automation, InboundMessage, OutboundMessage


#: Any of these opens a list.
LISTING = ("add", "change", "delete", "view")
#: What one may do with the rows of a list opens it as well.
OPENING = {
    Automation: (*LISTING, "pause"),
    InboundMessage: (*LISTING, "retry"),
    OutboundMessage: ("view", "review"),
}


def may(user, model, *permissions):
    """True if the user has any of these permissions on a model."""
    policy = ModelPermissionPolicy(model)
    return policy.user_has_any_permission(user, permissions)


def opening(model):
    """Return the permissions any of which opens a model's list."""
    return OPENING.get(model, LISTING)


def may_list(user, model):
    """True if the user may see a model's rows."""
    return may(user, model, *opening(model))
