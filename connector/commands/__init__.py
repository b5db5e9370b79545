"""One module for each command: its options (`add_options`), how they are read (`read`), and what it does (`run`).

Sources, outputs and review meet here. What several commands have in common is in `shared`.
"""
