"""From scan feeds to what is known of each host: pure functions, and no network.

Read in this order: `observation` (what a feed said), `feed` (how a feed is read), then what is
concluded from observations.
"""
