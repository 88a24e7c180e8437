"""The web: PVs for browsers and scripts, over HTTP and WebSockets."""
