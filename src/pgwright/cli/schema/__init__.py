"""`pgwright schema`, a module for each of its commands."""
