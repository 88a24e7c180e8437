"""From the text of an access security file to its rules; in case of doubt, an error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from roguebridge.core.errors import PluginError

from .calc import Calc, CalcError, parse_calc
from .grammar import Item, items_of
from .rules import RIGHTS, Asg, AsgRule, Rules
from .words import AcfError, Word, words_of

_ROLE = "role/"


def read_acf(file: str, macros: Mapping[str, str]) -> Rules:
    """Return the rules of a file.

    :param file: its name
    :param macros: name -> what stands for ``$(name)``
    :raises PluginError: naming file and line, if it cannot be read or used
    """
    try:
        text = Path(file).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as exc:
        line = exc.object.count(b"\n", 0, exc.start) + 1
        raise AcfError(file, line, f"this is no UTF-8: {exc}") from exc
    except (OSError, ValueError) as exc:  # the second: no file name at all
        raise PluginError(f"cannot read the access security file {file}: {exc}") from exc
    return parse_acf(text, file, macros)


def parse_acf(text: str, file: str, macros: Mapping[str, str]) -> Rules:
    """Return the rules that ``text`` is; see :func:`read_acf`."""
    words = words_of(text, file, macros)
    return _Reader(words, file).rules(items_of(words, file))


class _Reader:
    """Gives the syntax tree its meaning; a name counts from its definition on, as in epics-base."""

    def __init__(self, words: Sequence[Word], file: str) -> None:
        self._words = words
        self._file = file
        self._groups: dict[str, dict[str, tuple[int, frozenset[str]]]] = {"UAG": {}, "HAG": {}}
        self._asgs: dict[str, tuple[int, Asg]] = {}

    def rules(self, items: Sequence[Item]) -> Rules:
        for kind, name, body in items:
            word = self._word(name)
            known: Mapping[str, tuple[int, Any]]
            known = self._asgs if kind == "ASG" else self._groups[kind]
            if word.text in known:
                line = known[word.text][0]
                raise self._error(word, f"{kind}({word.text}) is already defined in line {line}")
            if kind == "ASG":
                self._asgs[word.text] = (word.line, self._asg(word.text, body or ()))
            else:
                for member in body or ():
                    if kind == "UAG" and self._word(member).text == _ROLE:
                        raise self._error(self._word(member), "'role/' names no group of users")
                members = frozenset(self._word(member).text for member in body or ())
                self._groups[kind][word.text] = (word.line, members)
        if not self._asgs:
            raise self._error(self._words[-1], "there is no ASG in this file")
        return Rules({name: asg for name, (_, asg) in self._asgs.items()})

    def _word(self, number: str | int) -> Word:
        return self._words[int(number)]

    def _error(self, word: Word, text: str) -> AcfError:
        return AcfError(self._file, word.line, text)

    # An ASG -----------------------------------------------------------------------------------

    def _asg(self, name: str, body: Sequence[Item]) -> Asg:
        inputs: dict[str, str] = {}
        for item in body:
            if item[0] == "INP":
                self._input(inputs, int(item[2]))
        rules = [self._rule(item, inputs) for item in body if item[0] == "RULE"]
        return Asg(name, tuple(rules), inputs)

    def _input(self, inputs: dict[str, str], number: int) -> None:
        pv_name, inp = self._words[number], self._words[number - 2]  # INPA ( name )
        if inp.text[-1] in inputs:
            raise self._error(inp, f"{inp.text} is given twice")
        if not pv_name.text.strip():
            raise self._error(inp, f"{inp.text} names no PV")
        inputs[inp.text[-1]] = pv_name.text.strip()

    def _rule(self, item: Item, inputs: Mapping[str, str]) -> AsgRule:
        level, right = self._word(item[1]), self._word(item[2])
        if level.text not in ("0", "1"):
            raise self._error(level, f"the level of a RULE is 0 or 1, not {level.text}")
        if right.text not in RIGHTS:
            raise self._error(right, f"{right.text!r} is none of {', '.join(RIGHTS)}")
        members: dict[str, frozenset[str]] = {}
        calc: Calc | None = None
        for kind, content in item[4] or ():
            if kind != "CALC":
                found = [self._members(kind, self._word(number)) for number in content]
                members[kind] = members.get(kind, frozenset()).union(*found)
            elif calc is not None:
                raise self._error(self._word(content), "a RULE has one CALC at most")
            else:
                calc = self._calc(self._word(content), inputs)
        users = members.get("UAG")
        roles = frozenset(name[len(_ROLE) :] for name in users or () if name.startswith(_ROLE))
        if users is not None:
            users = frozenset(name for name in users if not name.startswith(_ROLE))
        return AsgRule(
            int(level.text), RIGHTS[right.text], item[3], users, roles, members.get("HAG"), calc
        )

    def _members(self, kind: str, word: Word) -> frozenset[str]:
        if word.text not in self._groups[kind]:
            raise self._error(word, f"{kind}({word.text}) is not defined above")
        return self._groups[kind][word.text][1]

    def _calc(self, word: Word, inputs: Mapping[str, str]) -> Calc:
        try:
            calc = parse_calc(word.text)
        except CalcError as exc:
            raise self._error(word, str(exc)) from exc
        missing = sorted(calc.inputs - set(inputs))
        if missing:
            raise self._error(
                word,
                f"CALC({word.text!r}) uses {missing[0]}, but there is no "
                f"INP{missing[0]} in this ASG",
            )
        return calc
