"""What the patient and the operator see and hear: the only room with Qt; it filters and decides nothing."""
