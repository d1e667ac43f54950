"""What is on disk: recordings in EMG-BIDS, whole at every moment, and what opens them again."""
