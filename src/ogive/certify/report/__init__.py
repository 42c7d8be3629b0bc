"""The certificate: everything that is known about one entry, computed, written and read again."""
