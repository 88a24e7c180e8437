"""The version of Roguebridge, as it was installed."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("roguebridge")
except PackageNotFoundError:  # the sources are on the path, nothing was installed
    __version__ = "0+unknown"
