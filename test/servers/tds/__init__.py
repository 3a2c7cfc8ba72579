"""A server that speaks TDS 7.0 to 7.4, the protocol of SQL Server, with SQLite behind it: a test double.

`TdsServer` (module `server`) listens in this process; `python3 -m servers.tds` runs it as a process of its own. How it
is built, what T-SQL it knows, and what differs from SQL Server is in README.md beside this file.
"""
