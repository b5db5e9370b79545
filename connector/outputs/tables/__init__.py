"""Saved exports as tables that a data platform reads, and as a graph that BloodHound reads.

schema      the tables as data
rows        one export → the rows of each table
nights      which export counts for which data source and date
folder      a night's folder, written whole or not at all
formats     rows → Parquet, CSV or SQLite
queries     the SQL files
querying    a query on a folder of nights
opengraph   one export → BloodHound's OpenGraph
"""
