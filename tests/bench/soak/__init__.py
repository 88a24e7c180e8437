"""The soak: a server under clients that come and go, for an hour, must not grow (``make soak``)."""
