"""`pgwright migrate`, a module for each of its commands."""
