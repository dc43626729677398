"""From stored observations to assets: loads, calls `tocsin.campaign`, saves. No models."""
