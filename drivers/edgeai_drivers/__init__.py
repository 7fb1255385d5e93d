"""The drivers that come with edgeai: cameras, sensors, outputs and simulated devices, one file each."""
