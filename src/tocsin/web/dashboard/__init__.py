"""The campaign page: numbers with their denominators, and charts. No models."""
