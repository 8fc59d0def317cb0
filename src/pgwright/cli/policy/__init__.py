"""`pgwright policy`, a module for each of its commands."""
