"""Red flags and district figures, read from the noticeboard only."""
