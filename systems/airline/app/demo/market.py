"""The aggregate of flights and bookings by route and day, as one statement."""

# Flights and bookings are summed apart before they meet: joined first, a flight with three
# bookings would offer its seats three times.
FILL_MARKET_DATA = """
WITH sold AS (
    SELECT flight_id,
           count(*) AS bookings,
           sum(passengers) AS passengers,
           sum(total) AS revenue
      FROM bookings
     WHERE status IN ('confirmed', 'flown')
     GROUP BY flight_id
)
INSERT INTO market_data (
    origin_code, destination_code, service_date,
    flights, flights_cancelled, flights_departed, flights_with_seats, seats_offered,
    departure_delay_minutes, bookings, passengers, revenue
)
SELECT f.origin_code,
       f.destination_code,
       f.service_date,
       count(*),
       count(*) FILTER (WHERE f.status = 'cancelled'),
       count(f.actual_departure),
       count(f.seats) FILTER (WHERE f.status <> 'cancelled'),
       coalesce(sum(f.seats) FILTER (WHERE f.status <> 'cancelled'), 0),
       coalesce(sum(extract(epoch FROM f.actual_departure - f.scheduled_departure) / 60), 0)::bigint,
       coalesce(sum(s.bookings), 0),
       coalesce(sum(s.passengers), 0),
       coalesce(sum(s.revenue), 0)
  FROM flights f
  LEFT JOIN sold s ON s.flight_id = f.id
 GROUP BY f.origin_code, f.destination_code, f.service_date
"""
