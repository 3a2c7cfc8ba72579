"""Benchmarks: they print, they never judge."""
