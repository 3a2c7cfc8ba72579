"""The roles of the tests of connector-http."""

from __future__ import annotations

OWN_ROLE = ("connector_http", "password of connector-http")
ALICE = "alice password"
BOB = "bob password"
