"""Throw-away database servers on loopback for tests, the demo and the benchmarks.

Everything a run creates lives in one `Workspace`; leaving it stops all servers and removes all files.
See README.md in this folder.
"""
