"""The read side: marts out over HTTP, and the page that shows a person what is running here."""
