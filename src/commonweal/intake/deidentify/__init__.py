"""De-identification at the site: what may leave a hospital before an agreement is signed.

``treatment`` says what is done with every column; ``identity`` finds codes that name somebody;
``key_file`` holds the new ids, and stays at the site; ``folder`` does the work.
"""
