"""From what the publishing store answers to what a page shows; pure functions.

Every number of people arrives here already made publishable; this module only finds words
and places for it.
"""
