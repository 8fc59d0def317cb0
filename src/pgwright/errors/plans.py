"""Plans, and what they may do (PW3xx)."""

from __future__ import annotations

from pgwright.errors.base import PgwrightError


class HazardRefused(PgwrightError):
    """Refuse a plan whose hazards were not accepted by name."""

    code = "PW300"
    exit_code = 3


class PlanStale(PgwrightError):
    """Refuse a plan that was made for another state of the target."""

    code = "PW301"
    exit_code = 3


class RehearsalFailed(PgwrightError):
    """Report a plan that did not do on scratch what it declares."""

    code = "PW302"


class ProductionRefused(PgwrightError):
    """Refuse a destructive verb on a production database that was not named."""

    code = "PW303"
    exit_code = 3


class UnsupportedChange(PgwrightError):
    """Report a difference that PostgreSQL offers no way to bring about."""

    code = "PW305"


class TargetNotEmpty(PgwrightError):
    """Refuse to build a schema in a database that holds another one."""

    code = "PW306"
    exit_code = 3


class RolesMissing(PgwrightError):
    """Refuse a plan that names roles which the server has not."""

    code = "PW307"


class PlanFileRefused(PgwrightError):
    """Refuse a file that is no plan, or not the plan that was saved."""

    code = "PW308"
