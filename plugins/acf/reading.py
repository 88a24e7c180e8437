"""From the text of an access security file to its rules; in case of doubt, an error."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from roguebridge.core.errors import PluginError

from .calc import Calc, CalcError, parse_calc
from .rules import RIGHTS, Asg, AsgRule, Rules
from .words import AcfError, Word, words_of

_ROLE = "role/"
_TRAPS = {"TRAPWRITE": True, "NOTRAPWRITE": False}
_NAMES = {
    "UAG": "UAG", "HAG": "HAG", "ASG": "ASG", "RULE": "RULE", "INP": "an INP", "CALC": "CALC",
    "name": "a name", "number": "a number", "(": "'('", ")": "')'", "{": "'{'", "}": "'}'",
    ",": "','",
}  # fmt: skip


def read_acf(file: str, macros: Mapping[str, str]) -> Rules:
    """Return the rules of a file.

    :param file: its name
    :param macros: name -> text for ``$(name)``
    :raises PluginError: naming file and line, if it cannot be read or used
    """
    try:
        text = Path(file).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as exc:
        line = exc.object.count(b"\n", 0, exc.start) + 1
        raise AcfError(file, line, f"this is no UTF-8: {exc}") from exc
    except (OSError, ValueError) as exc:  # ValueError: a NUL in the file name
        raise PluginError(f"cannot read the access security file {file}: {exc}") from exc
    return parse_acf(text, file, macros)


def parse_acf(text: str, file: str, macros: Mapping[str, str]) -> Rules:
    """Return the rules that ``text`` is; see :func:`read_acf`."""
    return _Reader(words_of(text, file, macros), file).rules()


class _Reader:
    """Recursive descent over the words; a name counts from its definition on, as in epics-base."""

    def __init__(self, words: Sequence[Word], file: str) -> None:
        self._words = words
        self._file = file
        self._at = 0
        self._expected: set[str] = set()  # kinds of words that may stand here
        self._lines: dict[tuple[str, str], int] = {}
        self._members: dict[tuple[str, str], frozenset[str]] = {}
        self._asgs: dict[str, Asg] = {}

    def rules(self) -> Rules:
        if not self._words:
            raise AcfError(self._file, 1, "the file is empty")
        while self._at < len(self._words):
            kind = self._expect("UAG", "HAG", "ASG").kind
            name = self._expect_name()
            key = kind, name.text
            text = f"{kind}({name.text}) is already defined in line {self._lines.get(key)}"
            self._require(name, key not in self._lines, text)
            self._lines[key] = name.line
            if kind == "ASG":
                self._asgs[name.text] = self._asg(name.text)
                continue
            members = self._names("}") if self._accept("{") else []
            for member in members:
                named = kind == "HAG" or member.text != _ROLE
                self._require(member, named, "'role/' names no group of users")
            self._members[key] = frozenset(member.text for member in members)
        self._require(self._words[-1], bool(self._asgs), "there is no ASG in this file")
        return Rules(self._asgs)

    def _require(self, word: Word, condition: bool, text: str) -> None:
        if not condition:
            raise AcfError(self._file, word.line, text)

    # Words ------------------------------------------------------------------------------------

    def _accept(self, kind: str) -> Word | None:
        """Take the next word if it is of this kind."""
        if self._at == len(self._words) or self._words[self._at].kind != kind:
            self._expected.add(kind)
            return None
        self._expected.clear()
        self._at += 1
        return self._words[self._at - 1]

    def _expect(self, *kinds: str) -> Word:
        """Take the next word, which must be of one of these kinds."""
        for kind in kinds:
            if word := self._accept(kind):
                return word
        wanted = " or ".join(text for kind, text in _NAMES.items() if kind in self._expected)
        if self._at == len(self._words):
            line = self._words[-1].line
            raise AcfError(self._file, line, f"the file ends here, expected {wanted}")
        found = self._words[self._at]
        raise AcfError(self._file, found.line, f"found {found.text!r}, expected {wanted}")

    def _expect_name(self) -> Word:
        """Take a name in parentheses."""
        self._expect("(")
        name = self._expect("name")
        self._expect(")")
        return name

    def _names(self, end: str) -> list[Word]:
        """Take names up to an end, one at least."""
        names = [self._expect("name")]
        while self._expect(",", end).kind == ",":
            names.append(self._expect("name"))
        return names

    def _block(self, *kinds: str) -> Iterator[Word]:
        """Take the first word of each item of a block in braces, if there is one."""
        if self._accept("{"):
            word = self._expect(*kinds)
            while word.kind != "}":
                yield word
                word = self._expect(*kinds, "}")

    # An ASG -----------------------------------------------------------------------------------

    def _asg(self, name: str) -> Asg:
        inputs: dict[str, str] = {}
        rules: list[AsgRule] = []
        calcs: list[tuple[Word, Calc]] = []  # an INP may come after the RULE that uses it
        for item in self._block("RULE", "INP"):
            if item.kind == "RULE":
                rules.append(self._rule(calcs))
                continue
            letter, pv_name = item.text[-1], self._expect_name().text.strip()
            self._require(item, letter not in inputs, f"{item.text} is given twice")
            self._require(item, bool(pv_name), f"{item.text} names no PV")
            inputs[letter] = pv_name
        for word, calc in calcs:
            for letter in sorted(calc.inputs):
                text = f"CALC({calc.text!r}) uses {letter}, but there is no INP{letter} in this ASG"
                self._require(word, letter in inputs, text)
        return Asg(name, tuple(rules), inputs)

    def _rule(self, calcs: list[tuple[Word, Calc]]) -> AsgRule:
        self._expect("(")
        level = self._expect("number")
        text = f"the level of a RULE is 0 or 1, not {level.text}"
        self._require(level, level.text in ("0", "1"), text)
        self._expect(",")
        right = self._expect("name")
        text = f"{right.text!r} is none of {', '.join(RIGHTS)}"
        self._require(right, right.text in RIGHTS, text)
        trap = False
        if self._expect(",", ")").kind == ",":
            word = self._expect("name")
            text = f"{word.text!r} is neither TRAPWRITE nor NOTRAPWRITE"
            self._require(word, word.text in _TRAPS, text)
            trap = _TRAPS[word.text]
            self._expect(")")
        calc: Calc | None = None
        members: dict[str, frozenset[str]] = {}
        for item in self._block("UAG", "HAG", "CALC"):
            if item.kind != "CALC":
                found = self._members_of(item.kind)
                members[item.kind] = members.get(item.kind, frozenset()) | found
                continue
            word = self._expect_name()
            self._require(word, calc is None, "a RULE has one CALC at most")
            try:
                calc = parse_calc(word.text)
            except CalcError as exc:
                raise AcfError(self._file, word.line, str(exc)) from exc
            calcs.append((word, calc))
        roles = frozenset(name for name in members.get("UAG", ()) if name.startswith(_ROLE))
        return AsgRule(
            int(level.text),
            RIGHTS[right.text],
            trap,
            members["UAG"] - roles if "UAG" in members else None,
            frozenset(role.removeprefix(_ROLE) for role in roles),
            members.get("HAG"),
            calc,
        )

    def _members_of(self, kind: str) -> frozenset[str]:
        self._expect("(")
        members: frozenset[str] = frozenset()
        for name in self._names(")"):
            known = (kind, name.text) in self._members
            self._require(name, known, f"{kind}({name.text}) is not defined above")
            members |= self._members[kind, name.text]
        return members
