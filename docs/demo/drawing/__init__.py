"""Pictures of what turns up in a chat group, drawn from a seed: see `draw.py` beside this folder."""
