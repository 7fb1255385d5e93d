"""What a person does with zoos: trust one, pull its models, verify what was pulled, publish models of one's own.

Nothing fetched is believed: the manifest by its signature, every file by the length and hash the manifest states, and a
model by the structure that its readers check. Nothing fetched is executed.
"""
