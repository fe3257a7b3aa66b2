"""Who may do what with a model, said outright: Wagtail 7.4 has no registry."""

from wagtail.permission_policies import ModelPermissionPolicy


#: Any of these opens a list.
LISTING = ("add", "change", "delete", "view")


def may(user, model, *permissions):
    """True if the user has any of these permissions on a model."""
    policy = ModelPermissionPolicy(model)
    return policy.user_has_any_permission(user, permissions)


def may_list(user, model):
    """True if the user may see a model's rows."""
    return may(user, model, *LISTING)
