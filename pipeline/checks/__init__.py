"""The checks of every few minutes: each looks at little, and says what is wrong now."""
