"""What `cloudlink.server.CloudRequests` is made of: one `Line` for each cloud, and the threads that handlers run in."""
