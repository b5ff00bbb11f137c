"""The planner: which slots survive a year, who mentors whom and when, and what stands in the way."""
