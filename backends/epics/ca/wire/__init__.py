"""The bytes of Channel Access: messages, values, and the connection of one client."""
