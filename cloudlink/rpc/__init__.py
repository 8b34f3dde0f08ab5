"""Requests and their answers: names, arguments and handlers, without threads and sockets."""
