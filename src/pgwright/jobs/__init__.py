"""Repeat a verb on a schedule: under a lock, on record, installed into cron or systemd."""
