"""Snapshot → OAA payload → file or Veza. The only folder that knows oaaclient.

vocabulary  the mapping as data: permissions, properties, names
mapping     Snapshot → OAA application; machine_mapping what `--include` adds, properties how values are written
files       payload → file, whole or not at all
veza        payload → Veza
"""
