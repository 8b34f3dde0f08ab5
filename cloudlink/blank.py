"""The empty picture that every Scratch has."""

from __future__ import annotations

from typing import Final

BLANK: Final = "cd21514d0531fdffb22204e0ec5ed84a"
"""The MD5 of the empty picture, an SVG, that is the backdrop of each new project.

The site keeps it, and the editors of Scratch and TurboWarp hold it in memory. So a costume with this picture need not
bring it: if the file is not in the archive, nothing is uploaded for the costume when the project is saved, and nothing
fetched by those who play. Any other picture is sent and fetched once for each costume that shows it, 64 a second
(scratch-gui 15.2: `storeProject`, `vm.assets`, and the queue of scratch-storage).
"""
