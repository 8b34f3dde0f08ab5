"""The wire protocol of scratchattach's Cloud Requests sprite, served unchanged; pure, as `cloudlink.link` is."""
