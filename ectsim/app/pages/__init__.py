"""The dashboards, one module each; a notebook in ``dashboards/`` imports one and shows it."""
