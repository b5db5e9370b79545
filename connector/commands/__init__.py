"""One module for each command: its options, how they are read, and what it does. Sources, outputs and review meet here.

export    collect, guard, publish                   check    what these credentials can see; --verify
demo      export of the embedded server             access, diff, report   answers from saved exports

What they share: options (how options are read), bitbucket and settings (which Bitbucket, which Veza), publishing and
places (where an export goes), gaps (what could not be read), outcome (the result of a run), terminal (progress and
answers), check_table, emails.
"""
