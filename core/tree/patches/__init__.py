"""Everything that changes a live tree: PyRogue's update thread, guarded and revived."""
