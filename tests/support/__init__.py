"""What tests of several folders share; import as `support`."""
