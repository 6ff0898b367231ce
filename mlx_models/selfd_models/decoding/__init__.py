"""The model one byte and one patch at a time: engines, speculation, several texts together."""
