"""One file per scan feed; each holds a constant `FEED`. See `tocsin.campaign.feed`."""
