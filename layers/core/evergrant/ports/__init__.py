"""What the use cases need of the world.

Each Protocol has one adapter, one fake, and one contract suite for both; tests/unit/test_ports.py has the exceptions.
"""
