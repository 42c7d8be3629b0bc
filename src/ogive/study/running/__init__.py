"""Which runs there are, who carries them out, and the journal that keeps what they gave."""
