"""An app that kills the process it runs in, at a point of a message's journey."""
