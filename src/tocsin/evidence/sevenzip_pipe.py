"""What the process that unpacks a 7z archive says to the one that asked for it.

A message is a byte for its kind, its length, the packed bytes read so far, and its payload:

* ``F`` a file begins (JSON: name, size, times, what it is), ``D`` some of its content, ``E`` it
  ended well, ``C`` it ended with a wrong checksum;
* ``X`` it cannot be read, or not further (JSON: code and detail); without a file begun, the whole
  archive cannot;
* ``Z`` everything was said.
"""

import struct

HEADER = struct.Struct("<cIQ")
LONGEST_MESSAGE_BYTES = 1024 * 1024
