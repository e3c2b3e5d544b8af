"""Alembic's folder. Migrations are written by hand, go forward only, and add in one release and drop in a later one."""
