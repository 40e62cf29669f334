"""Metrics of the quality of OMOP data: each defined once, measured in SQL, judged by bands."""
