"""Stub."""


def holds(messages, site, now):
    return {}
