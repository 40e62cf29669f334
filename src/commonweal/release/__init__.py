"""What a release is: manifest, catalogue, data dictionary, signature; the read side only.

``catalogue`` finds releases, ``verify`` judges their bytes, and ``cdm`` opens a release or
any other folder or database of OMOP data as views. ``pipeline.seal`` writes releases.
"""
