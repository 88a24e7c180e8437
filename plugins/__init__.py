"""The plugins that are built in: loaded like any other, and asked last."""
