"""`pgwright backup`, a module for each of its commands."""
