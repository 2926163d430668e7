"""Brings history in from files: reads rows, maps them to events, sends them through the front door.

``readers`` turn a file into rows, ``mapping`` reads the YAML that says what a row means,
``translation`` makes events of rows, ``job`` sends them and keeps count.
"""
