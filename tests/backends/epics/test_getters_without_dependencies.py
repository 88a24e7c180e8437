"""A getter that does not say what it reads is as good as itself; a survey lists it."""

from support.clients.lab import NO_ALARM, lab, triple


def build(pr, root, device):
    register = pr.RemoteVariable(name="R", offset=0, bitSize=32, base=pr.UInt, mode="RO")
    device.add(register)
    root.add(pr.LinkVariable(name="Silent", linkedGet=lambda: register.value() + 1))
    root.add(pr.LocalVariable(name="Got", value=0, localGet=lambda: register.value() + 1))
    root.add(pr.LinkVariable(name="Mirror", variable=register))
    root.add(pr.LinkVariable(name="Of", dependencies=[register], linkedGet=lambda: 1))


def test_it_is_good_and_listed_with_all_others_of_its_kind_in_one_line(tree):
    with lab(tree, build) as served:
        assert triple(served.get("Silent")) == NO_ALARM
        survey = served.server.survey()
        (line,) = [line for line in survey.advice if line.startswith("getters without")]
        assert "Base:Top:Silent, Base:Top:Got (2 in all)" in line
        assert not any("Silent" in line for line in (*survey.errors, *survey.warnings))
