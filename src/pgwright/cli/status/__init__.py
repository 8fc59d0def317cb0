"""`pgwright status`: the command, and how it draws its screen."""
