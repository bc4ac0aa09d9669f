"""The public portal, read from the noticeboard only."""
