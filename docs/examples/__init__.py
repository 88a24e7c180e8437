"""Example trees and the demonstration; installed as ``roguebridge.examples``."""
