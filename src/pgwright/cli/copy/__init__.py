"""`pgwright copy`, a module for each of its commands."""
