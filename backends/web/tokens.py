"""The tokens of users, from a file: a user and a token in each line."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from pathlib import Path

from roguebridge.core.errors import BackendError

_SHORTEST = 16  # characters that nobody guesses


@dataclass(frozen=True, slots=True)
class Tokens:
    """Who has which token; only their digests are kept.

    :param digests: user and digest of each token
    """

    digests: tuple[tuple[str, bytes], ...] = ()

    @classmethod
    def of_file(cls, name: str) -> Tokens:
        """Return the tokens of a file; none if the name is empty.

        :raises BackendError: naming file and line; a token is never shown
        """
        if not name:
            return cls()
        try:
            lines = Path(name).read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as exc:
            raise BackendError(f"web: cannot read the tokens {name}: {exc}") from exc
        found = []
        for number, line in enumerate(lines, 1):
            words = line.split()
            if not words or words[0].startswith("#"):
                continue
            if len(words) != 2:
                raise BackendError(f"web: {name}:{number}: expected a user and a token")
            if len(words[1]) < _SHORTEST:
                raise BackendError(
                    f"web: {name}:{number}: the token of {words[0]} is shorter than {_SHORTEST} "
                    "characters: take one of `openssl rand -hex 32`"
                )
            found.append((words[0], _digest(words[1])))
        return cls(tuple(found))

    def user_of(self, token: str) -> str | None:
        """Return whose token it is, None if nobody's; it takes the same time for each."""
        digest, found = _digest(token), None
        for user, known in self.digests:
            if hmac.compare_digest(digest, known):
                found = user
        return found


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
