"""The whole stack on one machine: the raw template in an embedded AWS emulator, on loopback only."""
