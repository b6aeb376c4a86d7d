"""What crosses the link between two nodes: typed, versioned, and nothing else.

Every type is a msgspec Struct. On the wire it is JSON for frames that people may have to read (the link) and
MessagePack for bodies that are stored. A field is only ever added, with a default; a meaning never changes.
"""
