"""How answers are written for people: names, tables, CSV, reasons."""
