"""`cloudlink demo`: everything at once, on one machine."""
