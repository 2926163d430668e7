"""Which settings are followed without anything being started anew."""

from __future__ import annotations

# A change of these in the file is in force at the next request that ingestion takes.
LIVE_SETTINGS = frozenset(
    {
        "max_body_bytes",
        "max_batch_events",
        "max_event_bytes",
        "max_depth",
        "max_string_length",
        "max_future_skew_seconds",
        "unknown_events",
        "anonymous_source",
        "anonymous_origins",
        "jwt_secret",
        "jwt_jwks",
        "jwt_issuer",
        "jwt_audience",
        "jwt_roles_claim",
        "jwt_source",
        "trusted_proxies",
        "rate_limit_key_events",
        "rate_limit_client_requests",
        "body_timeout_seconds",
        "ip_addresses",
        "user_agents",
        "track_anonymous",
        "consent",
        "privacy_signals",
        "bots",
        "geoip_database",
    }
)

# A change of these in the file is in force the next time that retention runs.
RETENTION_SETTINGS = frozenset(
    {
        "retention_days",
        "retention_days_by_source",
        "retention_days_quarantine",
        "retention_days_ops",
        "retention_days_resolved_errors",
        "retention_archive_dir",
    }
)
