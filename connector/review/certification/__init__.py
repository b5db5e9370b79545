"""Access reviews (recertification): workbooks for owners, their answers as decisions, and proof that they were done."""
