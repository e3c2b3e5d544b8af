"""A copy of everything that cannot be made anew, and the proof that it can be brought back. (OPS-05)"""
