"""Sizes and counts of the protocol: the defaults, in bytes unless said otherwise."""

MAX_RECEIVE = 64 * 1024
"""What a server takes from an authenticated client in one message."""
MAX_RECEIVE_PUBLISHER = 256 * 1024
"""The same, from a client with publish permission."""
MAX_RECEIVE_UNAUTHENTICATED = 4 * 1024
"""The same, before authentication."""
MAX_SEND = 512 * 1024
"""The largest frame a server sends."""
MAX_CLIENT_RECEIVE = 1024 * 1024
"""The largest frame a client accepts."""
MAX_DEPTH = 32
"""How deep the JSON that a server accepts may nest."""
MAX_SUBSCRIPTIONS = 128
"""Subscriptions a connection may hold (a count)."""
MAX_FILTER = 256
"""The longest segment of a filter (characters)."""
MAX_ID = 128
"""The longest envelope id (characters)."""
MAX_ERROR = 256
"""The longest text of an error, and the longest field named in one (characters)."""
COMPRESS_FROM = 1024
"""Frames of this size or more are compressed for those who asked."""
AUTH_SECONDS = 5.0
"""How long a client may stay unauthenticated."""
