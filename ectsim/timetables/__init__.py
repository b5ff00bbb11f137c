"""Timetables in: readers of what schools export, the sample school, and the import into a folder."""
