"""The groups of a user on this machine."""

from __future__ import annotations


def groups_of(user: str) -> frozenset[str]:
    """Return the names of the groups a user name is in on this machine; none if it is unknown.

    :raises OSError: if that cannot be found out
    """
    try:
        import grp
        import os
        import pwd
    except ImportError:  # pragma: no cover - no such system
        return frozenset()
    try:
        numbers = os.getgrouplist(user, pwd.getpwnam(user).pw_gid)
    except (KeyError, ValueError):  # the second: no name at all
        return frozenset()
    names = []
    for number in numbers:
        try:
            names.append(grp.getgrgid(number).gr_name)
        except KeyError:  # a group without a name
            continue
    return frozenset(names)
