"""What the kinds of types share, and how a type is made anew."""
