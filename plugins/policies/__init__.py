"""The shipped access policies."""
