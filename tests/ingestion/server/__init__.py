"""The HTTP server of ingestion."""
