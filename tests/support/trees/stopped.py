"""A root that has not been started."""


class StoppedRoot:
    """A root before its start: nothing may be asked of it but whether it runs."""

    name = "Top"
    running = False

    def __getattr__(self, name):
        raise AssertionError(f"{name} was touched before the root runs")
