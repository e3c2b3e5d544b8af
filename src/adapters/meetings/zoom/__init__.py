"""Zoom: classes on the school's own hosts, one at a time on each."""
