"""Registers the web backend as ``web``; aiohttp is imported when a server asks for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from roguebridge.core.backend import Backend, BackendOptions
from roguebridge.core.errors import BackendError
from roguebridge.core.hooks import BackendFactory, hookimpl

from .settings import Settings


class Web:
    """Offers ``web``, and gives it what a server tells of itself.

    See :class:`.WebOptions` for the arguments.

    :raises TypeError: for an argument of the wrong type
    :raises ValueError: for a value that has no meaning
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 8080,
        hosts: Sequence[str] = (),
        read: str | None = None,
        tokens: str = "",
        proxies: Sequence[str] = (),
        user_header: str = "X-Forwarded-User",
        certificate: str = "",
        key: str = "",
        frames: Sequence[str] = (),
        frame_rate: float = 10.0,
        max_clients: int = 1000,
        max_clients_per_host: int = 100,
        max_subscriptions: int = 10_000,
    ) -> None:
        given = {name: value for name, value in locals().items() if name != "self"}
        self._settings = Settings.of(**given)
        self._backend: Any = None

    @classmethod
    def from_option(cls, option: Mapping[str, Any]) -> Web:
        """Return the plugin for ``web=option``."""
        if not isinstance(option, Mapping):
            raise TypeError(f"web must be a dict, not {option!r}")
        return (WebWithTokens if option.get("tokens") else cls)(**option)

    def _make(self, options: BackendOptions) -> Backend:
        try:
            from .backend import WebBackend
        except ImportError as exc:
            raise BackendError(
                f"the web backend needs aiohttp ({exc}): python -m pip install 'roguebridge[web]'"
            ) from exc
        self._backend = WebBackend(options, self._settings)
        return self._backend  # type: ignore[no-any-return]

    @hookimpl
    def register_backends(self) -> Mapping[str, BackendFactory]:
        """Offer ``web``."""
        return {"web": self._make}

    @hookimpl
    def server_starting(self, server: Any) -> None:
        """Let the page show what the server reports."""
        if self._backend is not None:
            self._backend.report = server.report


class WebWithTokens(Web):
    """The same with a file of tokens, which is read again on a reload."""

    @hookimpl
    def reload_configuration(self, server: Any) -> None:
        """Read the tokens again; a file that cannot be used changes nothing."""
        if self._backend is not None:
            self._backend.reload_tokens()
