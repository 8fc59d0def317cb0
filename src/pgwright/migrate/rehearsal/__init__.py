"""Run migrations on a scratch copy first."""
