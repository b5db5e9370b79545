"""One module a command: its options, how they are read, and what it does. Sources, outputs and review meet here.

export    collect, guard, publish                   check    what these credentials can see; --verify
demo      export of the embedded server             access, diff, report   answers from saved exports

What they share: options (how options are read), settings (which Bitbucket, which Veza), publishing (where an
export goes), gaps (what could not be read), outcome (what became of a run), terminal (what a person sees), check_table.
"""
