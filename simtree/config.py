"""The two configuration processes of a root, as far as they go without YAML."""

from __future__ import annotations

from typing import Any, NoReturn

from roguebridge.simtree.errors import CommandError
from roguebridge.simtree.local import LocalVariable
from roguebridge.simtree.process import Process


def no_files(path: str) -> NoReturn:
    """Refuse what PyRogue does with YAML or a file; CommandError.

    :param path: of what was asked for it.
    """
    raise CommandError(f"{path}: the stand-in tree has no YAML and no files")


class _ConfigProcess(Process):
    """Runs to its end once started, and shows an error in Message."""

    def _stopProcess(self) -> None:
        self._log.warning("%s: Stop is not supported.", self.name)

    def _stop(self) -> None:
        self._join()
        super(Process, self)._stop()

    def _add(self, name: str, value: Any, description: str, **kwargs: Any) -> None:
        self.add(LocalVariable(name=name, value=value, description=description, **kwargs))

    def _process(self) -> None:
        self.Message.setDisp("Running")
        self.setProgress(0.0)
        try:
            self._check()
            no_files(self.path)
        except Exception as e:
            self.Message.setDisp(f"Error: {e}")
            self.setProgress(1.0)

    def _check(self) -> None:
        pass


class LoadConfigProcess(_ConfigProcess):
    """Would load a configuration; complains of an empty source as PyRogue does.

    :param kwargs: the arguments of Process.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._add("LoadMode", 0, "Where from", disp={0: "File", 1: "String"})
        self._add("ConfigFile", "", "File to load")
        self._add("YamlString", "", "Text to load")

    def _check(self) -> None:
        name = "ConfigFile" if self.LoadMode.value() == 0 else "YamlString"
        if not str(self.node(name).value()).strip():
            raise ValueError(f"{name} is empty")


class SaveConfigProcess(_ConfigProcess):
    """Would save a configuration or a state.

    :param kwargs: the arguments of Process.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._add("DataType", 0, "What to save", disp={0: "Config", 1: "Status"})
        self._add("SaveMode", 0, "Where to", disp={0: "File", 1: "String"})
        self._add("ConfigFile", "", "File to write")
        self._add("YamlString", "", "Text that was written", mode="RO")
