"""Long tests, run by `make soak`: each module of this folder is one, and is found by its name.

A module is a program: `python3 -m soak.NAME` in the folder test, with test/integration on PYTHONPATH. It says what it did,
ends with a line `N passed, N failed, N skipped`, and its exit status is 0 if nothing failed. Its length comes from
variables in the environment that its docstring names; SOAK_SEED repeats a run. CONNECTOR_TEST_STAGE names the staged
extension, CONNECTOR_TEST_LOGS a folder for logs. Short runs of the same code are tests of `make check`
(test/integration/tools/soak, refresh/test_properties.py and the like).
"""
