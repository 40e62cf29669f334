"""Surveys answered by made-up people: the pack of questions, traits, histories, sittings."""
