"""The example systems on the embedded server: found, built from their own migrations, filled, taken away."""

from pgwright.demo.build import Progress, build
from pgwright.demo.systems import INSTANCE, DemoError, System, require, systems

__all__ = ["INSTANCE", "DemoError", "Progress", "System", "build", "require", "systems"]
