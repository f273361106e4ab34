"""Limits what this process may do from now on, for work on data that others made."""

import sys

# Seconds of processor time, bytes of address space and of core dumps.
LIMITS = {"RLIMIT_CPU": 120, "RLIMIT_AS": 2 << 30, "RLIMIT_CORE": 0}
# Events that change nothing outside of this process, and that writing JSON raises.
HARMLESS = ("builtins.id",)


def close(*allowed):
    """Limits time and memory where the system can, and refuses every event that Python reports
    to its audit hooks, except for those `allowed`: opening files, imports, processes,
    connections, compiling code."""
    limit()

    def refuse(event, _):
        if event not in HARMLESS and event not in allowed:
            raise PermissionError(f"{event} is not allowed here")

    sys.addaudithook(refuse)


def limit():
    try:
        import resource
    except ImportError:
        return  # Windows has none.
    for name, most in LIMITS.items():
        try:
            resource.setrlimit(getattr(resource, name), (most, most))
        except (OSError, ValueError):
            pass  # A lower limit stands, or the system knows no such limit.
