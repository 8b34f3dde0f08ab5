"""What every test may use."""

from __future__ import annotations

import sys
from pathlib import Path

from hypothesis import HealthCheck, settings

sys.path.insert(0, str(Path(__file__).parent))  # strategies.py and the like

# Virtual time makes slow machines no excuse; a shared CI machine makes deadlines a lottery.
settings.register_profile("cloudlink", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("cloudlink")
