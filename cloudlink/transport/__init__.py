"""From variable writes to lines of JSON on a websocket: the part that talks to cloud servers."""
