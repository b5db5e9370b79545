"""The same access on two servers: exports of a migration's old and new side, compared person by repository.

matches             which things of the two are the same one, and what could not be said
people, places      the rules for people and groups, for repositories and projects
mapping_files       what a person says about it, as CSV
people_sets         who has what on one server, as bits of integers
comparison          who gained and who lost what, and why
doubts              where an incomplete export must not be believed
sentences, render   what it says to people and programs
"""
