"""Demo data: real airports, flights and weather; customers and bookings made from a fixed seed."""
