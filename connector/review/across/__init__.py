"""The same access on two servers: exports of a migration's old and new side, compared person by repository.

matches             which things are the same on both servers, and which are ambiguous
people, resources   the rules for people and groups, for repositories and projects
mapping_files       pairs that a person names, as CSV
people_sets         who has what on one server, as bits of integers
comparison          who gained and who lost what, and why
doubts              where an incomplete export proves nothing
sentences, render   the results for people and programs
"""
