"""Decides what runs when: events in, commands out; no clock, no thread, no device."""
