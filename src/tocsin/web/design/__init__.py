"""How the desk looks: base page, styles, icons, charts, template tags. No models."""
