"""Makes up the traffic of a shop with communities: lifelike, and the same for the same seed.

``world`` is who and what there is, ``visit`` what happens in one visit, ``traffic`` when visits
happen, ``sending`` sends the events.
"""

from ingestion.simulator.sending import send_simulated
from ingestion.simulator.traffic import simulated_events

__all__ = ["send_simulated", "simulated_events"]
