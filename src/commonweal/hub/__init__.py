"""The Django project: pages, accounts and permissions; an app per audience."""
