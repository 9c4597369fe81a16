"""Kinds that know no border: network, devices, payment, place, time."""
