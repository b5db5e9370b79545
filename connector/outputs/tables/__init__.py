"""Saved exports as tables that a data platform reads, and as a graph that BloodHound reads.

schema      the tables as data
rows        one export → the rows of each table
dated       which export counts for which data source and date
folder      a night's folder, written whole or not at all
formats     rows → Parquet, CSV or SQLite
queries     the SQL files
query       a query as a text, by its name or from a file
parameters  what a query is about, and whether the exports have it
querying    a query on a folder of nights
render      an answer as a table, CSV or JSON
opengraph   one export → BloodHound's OpenGraph
"""
