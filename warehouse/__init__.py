"""The ground floor: settings, connections, roles, and the schema of ``raw`` and ``ops``."""
