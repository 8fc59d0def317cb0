"""Airline Market Demand Web App: the database side."""
