"""Served nodes whose every request must have one record."""

import pytest
from support.engine.audit import Sink


@pytest.fixture
def audited(serve):
    """Serve nodes with a sink; in the end every request must have had one record."""
    sites = []

    def make(*nodes, plugins=(), sink=None, **options):
        sink = sink or Sink()
        site = serve(*nodes, plugins=[*plugins, sink], **options)
        site.sink = sink
        sites.append(site)
        return site

    yield make
    for site in sites:
        site.sink.gate.set()
        site.server.stop()
        assert site.sink.taken.empty(), site.sink.next()
