"""What is handed out, and its tests: the archive for PGXN, Debian packages, the Docker images.

`make check` looks at their files (group `builds`); `make check-packages` runs the tests in this folder, which build the
packages and install them into a fresh Debian.
"""
