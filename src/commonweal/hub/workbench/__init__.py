"""The Researcher Workbench: from a question to a cohort."""
