"""HTTP/1.1 over asyncio: bytes in, requests out, one after the other on each connection.

The parsing is llhttp's (by httptools). What is here carries a request to one coroutine and its
answer back in one write, which costs a fraction of what the general interfaces between servers and
applications cost; pages, which are not hot, go through ASGI all the same.
"""
