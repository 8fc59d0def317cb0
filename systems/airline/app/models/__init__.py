"""The application's models; importing this package registers all of them with `Base.metadata`."""

from app.db.base import Base
from app.models.account import User, UserAPIKey, UserRole, UserSession
from app.models.booking import Booking, BookingStatus, Cabin
from app.models.flight import Flight, FlightStatus, Weather
from app.models.market import MarketData
from app.models.network import Aircraft, AircraftSource, Airline, Airport, AirportSource

__all__ = [
    "Aircraft",
    "AircraftSource",
    "Airline",
    "Airport",
    "AirportSource",
    "Base",
    "Booking",
    "BookingStatus",
    "Cabin",
    "Flight",
    "FlightStatus",
    "MarketData",
    "User",
    "UserAPIKey",
    "UserRole",
    "UserSession",
    "Weather",
]
