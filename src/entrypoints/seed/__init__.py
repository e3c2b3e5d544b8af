"""The demo school: believable, the same in every run, and consistent down to the last posting."""
