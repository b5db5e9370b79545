"""What several commands have in common.

options                         how options and settings of the environment are described and read
source_settings, emails         which Bitbucket is read, with which credentials, at which pace
veza_settings, destinations     where an export goes: Veza, a file, a folder of exports
publishing, page                where results go: options, files, the push, a page
incomplete_guard, verification  what keeps an export from being published, beside oaa/shrink_guard
outcome, terminal               the figures of a run, its progress, and how answers are written
"""
